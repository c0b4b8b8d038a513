/**
 * Reads the pages of one list of events as they are needed, and keeps them up to date.
 *
 * One read at a time: the engine is on this machine, and answers that cannot overtake each other need no further care.
 * Most urgent first: what is on the screen, what is scrolled to next, what is new, what may have changed.
 */
import {
  type Answer,
  type Chain,
  continued,
  emptyChain,
  grown,
  missing,
  type Order,
  oldPage,
  outdated,
  PAGE_SIZE,
  reread,
  shortened,
  started,
  trimmed,
} from "./pages";

/** New events are looked for at most so often. */
const NEWS_MS = 300;
/** Rows on the screen are read again, and waiting events counted, at most so often. */
const REFRESH_MS = 1000;
/** Answers that are asked for at most to learn what is new. */
const MOST_ROUNDS = 20;
/** Rows beyond the screen that are to be there before they are scrolled to. */
const MARGIN = 50;
/** From here on the number of waiting events is not counted exactly. */
export const MOST_WAITING = 1000;

export interface FeedRequest {
  order: Order;
  limit: number;
  cursor?: string;
  /** Only events with a greater id. */
  after?: string;
}

export type ReadEvents = (request: FeedRequest, signal: AbortSignal) => Promise<Answer>;

export interface FeedState {
  readonly chain: Chain;
  /** New events that are not in the list yet; `MOST_WAITING` means that many or more. */
  readonly waiting: number;
  /** Why the last read failed; nothing more is read until `retry` or the next change. */
  readonly error: unknown;
  /** Ids of the rows that came in last: they may show it. */
  readonly arrived: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

export class EventFeed {
  private state: FeedState;
  private readonly listeners = new Set<() => void>();
  private readonly stopping = new AbortController();
  private busy = false;
  private wanted = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private view = { first: 0, last: 0 };
  private following = true;
  private news = false;
  private changedMeanwhile = false;
  /** New events are to be shown once although the list does not follow. */
  private showing = false;
  private newsAt = Number.NEGATIVE_INFINITY;
  private refreshedAt = Number.NEGATIVE_INFINITY;

  /** `limit` is how many rows there may be at most; `resumed` are pages that were read before. */
  constructor(
    private readonly read: ReadEvents,
    private readonly order: Order,
    private readonly limit = Number.POSITIVE_INFINITY,
    resumed: Chain = emptyChain(order),
  ) {
    this.state = { chain: resumed, waiting: 0, error: undefined, arrived: NONE };
  }

  readonly getState = (): FeedState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Begins to read. */
  start(): void {
    if (this.state.chain.next === undefined) void this.pump();
    else this.changed();
  }

  /** The first row on the screen. */
  get firstRow(): number {
    return this.view.first;
  }

  /** Ends it: an answer that is under way is dropped. */
  stop(): void {
    this.stopping.abort();
    clearTimeout(this.timer);
  }

  /** Rows `first` to `last` are on the screen. */
  show(first: number, last: number): void {
    if (first === this.view.first && last === this.view.last) return;
    this.view = { first, last };
    void this.pump();
  }

  /** Whether new events are put in at once. Otherwise they are counted. */
  follow(following: boolean): void {
    if (this.following === following) return;
    this.following = following;
    if (following && this.state.waiting > 0) this.news = true;
    void this.pump();
  }

  /** Puts in what waits. */
  showWaiting(): void {
    this.news = true;
    this.showing = true;
    this.newsAt = Number.NEGATIVE_INFINITY;
    void this.pump();
  }

  /** Something changed in the engine. */
  changed(): void {
    this.news = this.order === "desc";
    this.changedMeanwhile = true;
    this.update({ chain: outdated(this.state.chain), error: undefined });
    void this.pump();
  }

  /** Tries again after a failure. */
  retry(): void {
    this.update({ error: undefined });
    void this.pump();
  }

  private async pump(): Promise<void> {
    clearTimeout(this.timer);
    this.wanted = true;
    if (this.busy) return;
    this.busy = true;
    try {
      // Who asks while a step is under way is heard when that step finds nothing more to do.
      while (this.wanted && !this.stopping.signal.aborted && this.state.error === undefined) {
        this.wanted = false;
        if (await this.step()) this.wanted = true;
      }
    } catch (error) {
      if (!this.stopping.signal.aborted) this.update({ error });
    } finally {
      this.busy = false;
    }
  }

  /** Does what is most urgent; false when nothing is to be done now. */
  private async step(): Promise<boolean> {
    const { chain } = this.state;
    const { first, last } = this.view;
    if (chain.next === undefined) {
      const answer = await this.ask({});
      if (answer) this.put(started(this.order, answer));
      return true;
    }
    const wanted = missing(chain, first - MARGIN, last + MARGIN, this.limit);
    if (wanted) {
      if (wanted.read === "next") {
        const answer = await this.ask({ cursor: wanted.cursor });
        if (answer) this.put(continued(this.state.chain, wanted.cursor, answer));
      } else {
        await this.readAgain(wanted.start);
      }
      return true;
    }
    const now = performance.now();
    const newsDue = this.newsDue();
    if (newsDue <= now) {
      this.news = false;
      this.newsAt = now;
      await this.readNews();
      return true;
    }
    const old = oldPage(chain, first, last);
    const refreshDue = old ? this.refreshedAt + REFRESH_MS : Number.POSITIVE_INFINITY;
    if (old && refreshDue <= now) {
      await this.refresh(first, last);
      this.refreshedAt = now;
      return true;
    }
    const due = Math.min(newsDue, refreshDue);
    clearTimeout(this.timer);
    if (Number.isFinite(due)) this.timer = setTimeout(() => void this.pump(), due - now);
    return false;
  }

  /** When new events are to be looked for. */
  private newsDue(): number {
    if (!this.news) return Number.POSITIVE_INFINITY;
    if (this.following || this.showing) return this.newsAt + NEWS_MS;
    // Counting on would change nothing that is shown.
    if (this.state.waiting >= MOST_WAITING) return Number.POSITIVE_INFINITY;
    return this.newsAt + REFRESH_MS;
  }

  private async readNews(): Promise<void> {
    const { newest } = this.state.chain;
    const puts = this.following || this.showing || newest === null;
    const answer = await this.askNews(newest, puts ? PAGE_SIZE : MOST_WAITING);
    if (!answer) return;
    if (!puts) {
      this.update({ waiting: answer.events.length });
      return;
    }
    this.showing = false;
    // In a list that was empty everything is new, and nothing needs to be told apart.
    const told = newest === null || answer.nextCursor !== null;
    const arrived = told ? NONE : new Set(answer.events.map((event) => event.id));
    this.put(shortened(grown(this.state.chain, answer), this.limit), { waiting: 0, arrived });
  }

  /** What is newer than an event. A search may need several answers: each looks at so many events at most. */
  private async askNews(newest: string | null, limit: number): Promise<Answer | undefined> {
    const after = newest === null ? {} : { after: newest };
    let answer = await this.ask({ ...after, limit });
    for (let round = 1; round < MOST_ROUNDS && newest !== null; round += 1) {
      if (!answer?.nextCursor || answer.events.length >= limit) break;
      const { events, nextCursor } = answer;
      const more = await this.ask({ ...after, cursor: nextCursor, limit: limit - events.length });
      answer = more && { events: [...events, ...more.events], nextCursor: more.nextCursor };
    }
    return answer;
  }

  /** Reads every old page on the screen again. */
  private async refresh(first: number, last: number): Promise<void> {
    // A page that comes out with fewer rows brings another one onto the screen: that one is due next time.
    for (let round = 0; round < 3; round += 1) {
      const page = oldPage(this.state.chain, first, last);
      if (!page || this.stopping.signal.aborted) return;
      await this.readAgain(page.start);
    }
  }

  private async readAgain(start: string | null): Promise<void> {
    const answer = await this.ask(start === null ? {} : { cursor: start });
    if (answer) this.put(reread(this.state.chain, start, answer));
  }

  private put(chain: Chain, change: Partial<FeedState> = {}): void {
    const kept = trimmed(chain, this.view.first, this.view.last);
    // The answer may be older than what changed while it was under way.
    this.update({ ...change, chain: this.changedMeanwhile ? outdated(kept) : kept });
  }

  /** The answer; undefined when the feed was stopped meanwhile. */
  private async ask(request: Partial<FeedRequest>): Promise<Answer | undefined> {
    const { signal } = this.stopping;
    this.changedMeanwhile = false;
    const answer = await this.read({ order: this.order, limit: PAGE_SIZE, ...request }, signal);
    return signal.aborted ? undefined : answer;
  }

  private update(change: Partial<FeedState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}
