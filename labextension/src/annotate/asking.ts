/** A model is asked for labels: it looks at the whole image first, unless it has, and then proposes. */

import type { Predicting } from './answers';
import type { Annotator } from './annotator';
import type { OpBody } from './ops';
import { reasonOf } from './requests';

/** What of the workbench is needed. */
export interface Asker {
  readonly annotator: Pick<Annotator, 'ask' | 'events'>;
  commit(body: OpBody): void;
  say(text: string, bad?: boolean): void;
}

export class Asking {
  /** How far the model is that looks at the image; null when none does. */
  now: Predicting | null = null;

  constructor(
    private readonly bench: Asker,
    private readonly changed: () => void
  ) {
    bench.annotator.events.add(event => {
      if (event.type === 'predicting') {
        this.take(event.now);
      }
    });
  }

  ask(model: string): void {
    this.wanted = model;
    this.bench.annotator.ask({ op: 'predict', model }).catch(this.fail);
  }

  stop(): void {
    this.bench.annotator.ask({ op: 'stop_predicting' }).catch(this.fail);
  }

  private take(told: Predicting | null): void {
    const { now } = this;
    const runs = told?.state === 'running' || told?.state === 'stopping';
    this.now = runs ? told : null;
    if (told && !runs) {
      this.end(told);
    } else if (now && !told) {
      this.end({ ...now, state: 'stopped' }); // with the kernel
    }
    this.changed();
  }

  private end({ model, state, error }: Predicting): void {
    const wanted = this.wanted === model;
    this.wanted = wanted ? null : this.wanted;
    if (state === 'failed') {
      this.bench.say(`${model}: ${error ?? 'it has failed.'}`, true);
    } else if (state === 'stopped') {
      this.bench.say(
        `${model} was stopped. Asked again, it goes on where it was.`
      );
    } else if (wanted) {
      this.bench.commit({ op: 'propose', model });
    } else {
      this.bench.say(`${model} has seen the image: ask it for its proposals.`);
    }
  }

  private readonly fail = (reason: unknown): void => {
    this.bench.say(reasonOf(reason), true);
  };

  /** The model whose proposals this view waits for; another view may have asked, too. */
  private wanted: string | null = null;
}
