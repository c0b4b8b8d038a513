import { describe, expect, it } from "vitest";
import {
  type Chain,
  compareIds,
  continued,
  grown,
  indexOfEvent,
  KEPT_PAGES,
  missing,
  type Order,
  oldPage,
  outdated,
  PAGE_SIZE,
  reread,
  rowAt,
  rowsBetween,
  shortened,
  started,
  trimmed,
} from "./pages";
import { answerFrom, testEvent, testEvents } from "./testEvents";

const NO_LIMIT = Number.POSITIVE_INFINITY;

/** A chain of the first `pages` pages of a table. */
function chainOf(table: ReturnType<typeof testEvents>, pages: number, order: Order = "desc"): Chain {
  let chain = started(order, answerFrom(table, { order, limit: PAGE_SIZE }));
  for (let count = 1; count < pages && chain.next; count += 1) {
    const cursor = chain.next;
    chain = continued(chain, cursor, answerFrom(table, { order, limit: PAGE_SIZE, cursor }));
  }
  return chain;
}

const readAgain = (chain: Chain, start: string | null, table: ReturnType<typeof testEvents>) =>
  reread(
    chain,
    start,
    answerFrom(table, { order: chain.order, limit: PAGE_SIZE, ...(start ? { cursor: start } : {}) }),
  );

const allIds = (chain: Chain) => rowsBetween(chain, 0, chain.total - 1).map((event) => Number(event.id));

describe("a chain of pages", () => {
  it("grows page by page and ends where the engine says so", () => {
    const chain = chainOf(testEvents(450), 5);
    expect(chain.pages.map((page) => page.count)).toEqual([200, 200, 50]);
    expect(chain.total).toBe(450);
    expect(chain.next).toBeNull();
    expect(rowAt(chain, 0)?.id).toBe("450");
    expect(rowAt(chain, 200)?.id).toBe("250");
    expect(rowAt(chain, 449)?.id).toBe("1");
    expect(rowAt(chain, 450)).toBeUndefined();
  });

  it("takes no page twice", () => {
    const table = testEvents(450);
    const chain = chainOf(table, 2);
    const late = continued(chain, "251", answerFrom(table, { cursor: "251", limit: PAGE_SIZE }));
    expect(late).toBe(chain);
  });

  it("asks for the next page before the end is on the screen", () => {
    const chain = chainOf(testEvents(1000), 2);
    expect(missing(chain, 0, 30, NO_LIMIT)).toBeUndefined();
    expect(missing(chain, 230, 260, NO_LIMIT)).toEqual({ read: "next", cursor: "601" });
    expect(missing(chain, 230, 260, 400)).toBeUndefined();
  });

  it("keeps the rows of the nearest pages only, whatever was scrolled past", () => {
    const table = testEvents(6000);
    const chain = trimmed(chainOf(table, 30), 5900, 5930);
    expect(chain.pages.filter((page) => page.rows).length).toBe(KEPT_PAGES);
    expect(chain.total).toBe(6000);
    expect(rowAt(chain, 5900)?.id).toBe("100");
    expect(rowAt(chain, 10)).toBeUndefined();
    expect(trimmed(chain, 5900, 5930)).toBe(chain);
  });

  it("reads a dropped page again by its cursor and puts it where it was", () => {
    const table = testEvents(6000);
    let chain = trimmed(chainOf(table, 30), 5900, 5930);
    const wanted = missing(chain, 400, 430, NO_LIMIT);
    expect(wanted).toEqual({ read: "page", start: "5601" });
    chain = readAgain(chain, "5601", table);
    expect(rowAt(chain, 400)?.id).toBe("5600");
    expect(chain.total).toBe(6000);
    expect(missing(chain, 400, 430, NO_LIMIT)).toBeUndefined();
  });

  it("leaves no gap and no double where rows have left a page since", () => {
    const table = testEvents(600);
    const chain = chainOf(table, 3);
    const fewer = table.filter(({ id }) => Number(id) % 3 !== 0 || Number(id) <= 400);
    const after = readAgain(chain, chain.pages[0]?.start ?? null, fewer);
    expect(after.pages[0]?.count).toBe(fewer.filter(({ id }) => Number(id) > 400).length);
    expect(allIds(after)).toEqual(fewer.map(({ id }) => Number(id)));
  });

  it("reads what a page has gained as a page of its own", () => {
    const every = testEvents(900);
    // First every third event matches, then all do: the stretch of one page holds three.
    const chain = chainOf(
      every.filter(({ id }) => Number(id) % 3 === 0),
      2,
    );
    let after = readAgain(chain, chain.pages[0]?.start ?? null, every);
    for (let count = 0; count < 5; count += 1) {
      const wanted = missing(after, 0, 10, 0);
      if (wanted?.read !== "page") break;
      after = readAgain(after, wanted.start, every);
    }
    // The first page ended with 303.
    const stretch = allIds(after).filter((id) => id > 302);
    expect(stretch).toEqual(Array.from({ length: 598 }, (_, index) => 900 - index));
  });

  it("finds an event and the rows between two", () => {
    const chain = chainOf(testEvents(450), 3);
    expect(indexOfEvent(chain, "240")).toBe(210);
    expect(indexOfEvent(chain, "9999")).toBe(-1);
    expect(rowsBetween(chain, 202, 199).map((event) => event.id)).toEqual(["251", "250", "249", "248"]);
  });

  it("compares ids as numbers", () => {
    expect(["10", "9", "100"].sort(compareIds)).toEqual(["9", "10", "100"]);
  });
});

describe("what is new", () => {
  it("stands above, and an old page read again does not bring it in a second time", () => {
    const chain = chainOf(testEvents(450), 2);
    const table = testEvents(460);
    const after = grown(chain, answerFrom(table, { after: "450", limit: PAGE_SIZE }));
    expect(after.total).toBe(410);
    expect(after.newest).toBe("460");
    expect(rowAt(after, 0)?.id).toBe("460");
    expect(rowAt(after, 10)?.id).toBe("450");
    const top = after.pages[1];
    expect(top?.count).toBe(200);
    expect(allIds(readAgain(after, top?.start ?? null, testEvents(470)))).toEqual(allIds(after));
  });

  it("fills the first page up before it begins another", () => {
    const chain = chainOf(testEvents(50), 1);
    const after = grown(chain, answerFrom(testEvents(60), { after: "50", limit: PAGE_SIZE }));
    expect(after.pages.map((page) => page.count)).toEqual([60]);
    const again = readAgain(after, after.pages[0]?.start ?? null, testEvents(60));
    expect(again.total).toBe(60);
  });

  it("does not come in twice", () => {
    const chain = chainOf(testEvents(50), 1);
    const answer = answerFrom(testEvents(60), { after: "50", limit: PAGE_SIZE });
    const after = grown(chain, answer);
    expect(grown(after, answer)).toBe(after);
  });

  it("makes the list begin anew when it is more than a page", () => {
    const chain = chainOf(testEvents(450), 3);
    const after = grown(chain, answerFrom(testEvents(2000), { after: "450", limit: PAGE_SIZE }));
    expect(after.total).toBe(200);
    expect(after.newest).toBe("2000");
    expect(after.next).toBe("1801");
  });

  it("is the whole list where there was none", () => {
    const empty = started("desc", { events: [], nextCursor: null });
    expect(empty.total).toBe(0);
    const after = grown(empty, answerFrom(testEvents(3), { limit: PAGE_SIZE }));
    expect(allIds(after)).toEqual([3, 2, 1]);
  });

  it("drops pages at the end when there are too many, and can read them again", () => {
    const chain = shortened(chainOf(testEvents(1000), 5), 500);
    expect(chain.total).toBe(400);
    expect(chain.next).toBe("601");
  });
});

describe("a list with the oldest first", () => {
  it("reads from the oldest on", () => {
    const chain = chainOf(testEvents(450), 2, "asc");
    expect(rowAt(chain, 0)?.id).toBe("1");
    expect(rowAt(chain, 399)?.id).toBe("400");
    expect(chain.next).toBe("400");
  });

  it("goes on where it ended when more has come", () => {
    const table = testEvents(250);
    const chain = chainOf(table, 2, "asc");
    expect(chain.next).toBeNull();
    const last = chain.pages[1];
    const after = readAgain(chain, last?.start ?? null, testEvents(600));
    expect(after.total).toBe(400);
    expect(after.next).toBe("400");
    expect(grown(after, answerFrom(testEvents(600), { after: "250", limit: 10 }))).toBe(after);
  });

  it("keeps pages apart when one is read again", () => {
    const table = testEvents(450);
    const chain = chainOf(table, 3, "asc");
    const fewer = table.filter(({ id }) => Number(id) > 200 || Number(id) % 2 === 0);
    const after = readAgain(chain, null, fewer);
    expect(allIds(after)).toEqual(fewer.map(({ id }) => Number(id)).reverse());
  });
});

describe("pages that are old", () => {
  it("are found where they are on the screen", () => {
    const table = testEvents(1000);
    let chain = outdated(chainOf(table, 5));
    expect(oldPage(chain, 390, 410)?.start).toBe("801");
    chain = readAgain(chain, "801", table);
    expect(oldPage(chain, 390, 410)?.start).toBe("601");
    chain = readAgain(chain, "601", table);
    expect(oldPage(chain, 390, 410)).toBeUndefined();
  });

  it("show what a row has become", () => {
    const table = testEvents(10);
    const chain = chainOf(table, 1);
    const now = table.map((event) => (event.id === "5" ? testEvent(5, { status: "failed" }) : event));
    expect(rowAt(readAgain(chain, chain.pages[0]?.start ?? null, now), 5)?.status).toBe("failed");
  });
});
