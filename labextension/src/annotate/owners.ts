/**
 * Whether another tab of this browser has a session already. A tab that is duplicated has a copy of all that the first
 * one keeps, the names of its sessions too; so the copy asks, and whoever has the session answers.
 */

import type { OpQueue } from './queue';

/** What `BroadcastChannel` is used for. */
export type Channel = Pick<
  BroadcastChannel,
  'postMessage' | 'addEventListener' | 'close'
>;

/** Tabs that live answer much sooner, also while they load. */
const PATIENCE_MS = 1000;

interface Word {
  readonly says: 'whose' | 'mine';
  readonly session: string;
}

export class Owners {
  /** Answers other tabs as long as `mine` is true of the session that they ask about. */
  constructor(
    private readonly channel: Channel,
    mine: (session: string) => boolean
  ) {
    channel.addEventListener('message', ({ data }: MessageEvent) => {
      const { says, session } = data as Word;
      if (says === 'whose' && mine(session)) {
        channel.postMessage({ says: 'mine', session } satisfies Word);
      } else if (says === 'mine') {
        this.waiting.get(session)?.();
      }
    });
  }

  /** Whether another tab has that session. */
  async taken(session: string): Promise<boolean> {
    const answer = new Promise<boolean>(resolve => {
      const timer = setTimeout(() => {
        resolve(false);
      }, PATIENCE_MS);
      this.waiting.set(session, () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    this.channel.postMessage({ says: 'whose', session } satisfies Word);
    const taken = await answer;
    this.waiting.delete(session);
    return taken;
  }

  close(): void {
    this.channel.close();
  }

  private readonly waiting = new Map<string, () => void>();
}

/** Keeps the session of a view to this tab, until the page or the view goes. */
export class Tab {
  /** When this is done the queue has a session that no other tab has. */
  readonly settled: Promise<void>;

  constructor(
    private readonly queue: OpQueue,
    channel: Channel = new BroadcastChannel('axons-annotate')
  ) {
    let mine = false;
    this.owners = new Owners(
      channel,
      session => mine && session === queue.session
    );
    this.settled = this.settle().then(() => {
      mine = true;
    });
    window.addEventListener('pagehide', this.leave);
    window.addEventListener('pageshow', this.come);
  }

  dispose(): void {
    window.removeEventListener('pagehide', this.leave);
    window.removeEventListener('pageshow', this.come);
    this.owners.close();
    this.queue.release();
  }

  private async settle(): Promise<void> {
    const { queue, owners } = this;
    if (queue.wasHeld && (await owners.taken(queue.session))) {
      queue.renew();
    }
    queue.keep();
  }

  private readonly leave = (): void => {
    this.queue.leave();
  };

  private readonly come = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) {
      this.queue.keep();
    }
  };

  private readonly owners: Owners;
}
