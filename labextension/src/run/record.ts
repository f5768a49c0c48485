/** What is known of a run: it takes in news, and says what it has already. */

import type { Epoch, Known, Lines, News, Note, Usage } from './messages';

const ENDED: readonly string[] = ['finished', 'stopped', 'failed'];

/** A file as far as it is known. */
class Read<T> {
  lines: T[] = [];
  private writing = '';

  get known(): readonly [string, number] {
    return [this.writing, this.lines.length];
  }

  /** Whether that has changed anything. */
  take(news: Lines<T>): boolean {
    const anew = news.writing !== this.writing;
    if (anew) {
      this.writing = news.writing;
      this.lines = [];
    }
    if (news.start !== this.lines.length) {
      return anew; // the answer to a question before the last
    }
    this.lines.push(...news.lines);
    return anew || news.lines.length > 0;
  }
}

export type Changed = ReadonlySet<'metrics' | 'resources' | 'messages'>;

export class RunRecord {
  /** The last news; null before the first. */
  news: News | null = null;

  get known(): Known {
    return {
      metrics: this.metrics.known,
      resources: this.resources.known,
      messages: this.messages.known
    };
  }

  take(news: News): Changed {
    this.news = news;
    const changed = new Set<'metrics' | 'resources' | 'messages'>();
    if (this.metrics.take(news.metrics)) {
      changed.add('metrics');
    }
    if (this.resources.take(news.resources)) {
      changed.add('resources');
    }
    if (this.messages.take(news.messages)) {
      changed.add('messages');
    }
    return changed;
  }

  get epochs(): readonly Epoch[] {
    return this.metrics.lines;
  }

  get usage(): readonly Usage[] {
    return this.resources.lines;
  }

  get notes(): readonly Note[] {
    return this.messages.lines;
  }

  get hasEnded(): boolean {
    return ENDED.includes(this.news?.state ?? '');
  }

  /** The place in `epochs` of the one with the highest mean Dice, whose weights become the model; -1 before. */
  get best(): number {
    let best = -1;
    let score = -Infinity;
    this.epochs.forEach(({ validation_dice }, index) => {
      const mean = meanOf(validation_dice);
      if (mean > score) {
        [best, score] = [index, mean];
      }
    });
    return best;
  }

  /** How far the training is, 0 to 1, the steps of the epoch that goes on included. */
  progress(plannedEpochs: number): number {
    const last = this.epochs.at(-1);
    if (this.news?.state === 'finished') {
      return 1;
    }
    const done = last?.progress ?? 0;
    const usage = this.usage.at(-1);
    if (usage?.epoch !== (last?.epoch ?? 0) + 1 || !usage.steps) {
      return done;
    }
    const perEpoch = last ? last.progress / last.epoch : 1 / plannedEpochs;
    return Math.min(1, done + ((usage.step ?? 0) / usage.steps) * perEpoch);
  }

  private readonly metrics = new Read<Epoch>();
  private readonly resources = new Read<Usage>();
  private readonly messages = new Read<Note>();
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
