import { describe, expect, it } from "vitest";
import {
  idText,
  isAddressable,
  providerEventIdOf,
  syncFacts,
  timeOf,
  titleOf,
  withoutMetadata,
} from "./document";

describe("an _id", () => {
  it("is written as people write it, of whatever type it is", () => {
    expect(idText("cus_1")).toBe("cus_1");
    expect(idText(42)).toBe("42");
    expect(idText({ $oid: "65a1b2c3d4e5f60718293a4b" })).toBe("65a1b2c3d4e5f60718293a4b");
    expect(idText({ $numberLong: "9007199254740993" })).toBe("9007199254740993");
    expect(idText({ tenant: 1, key: "a" })).toBe('{"tenant":1,"key":"a"}');
    expect(idText({ $oid: 7 })).toBe('{"$oid":7}');
    expect(idText(null)).toBe("null");
    expect(idText(undefined)).toBe("");
  });

  it("can be asked for as text when it is text, a whole number or an object id", () => {
    for (const id of [
      "cus_1",
      42,
      { $oid: "65a1b2c3d4e5f60718293a4b" },
      { $numberLong: "9007199254740993" },
    ]) {
      expect(isAddressable(id), JSON.stringify(id)).toBe(true);
    }
    for (const id of ["", "x".repeat(1001), 0.5, { tenant: 1 }, null, true, [1]]) {
      expect(isAddressable(id), JSON.stringify(id)?.slice(0, 20)).toBe(false);
    }
  });
});

describe("a title", () => {
  it("is what people would call the object, the best field first", () => {
    expect(titleOf({ email: "ada@example.com", name: "Ada Lovelace" })).toBe("Ada Lovelace");
    expect(titleOf({ first_name: "Ada", last_name: "Lovelace", email: "a@b.c" })).toBe("Ada Lovelace");
    expect(titleOf({ description: "Onboarding", email: "a@b.c" })).toBe("a@b.c");
    expect(titleOf({ number: "INV-7" })).toBe("INV-7");
    expect(titleOf({ order_number: 1001 })).toBe("1001");
  });

  it("is taken from whom the object is for when it has none itself", () => {
    expect(titleOf({ id: "ch_1", billing_details: { name: null, email: "ada@example.com" } })).toBe(
      "ada@example.com",
    );
    expect(titleOf({ customer_email: "ada@example.com" })).toBe("ada@example.com");
  });

  it("is missing where nothing reads like a name", () => {
    expect(
      titleOf({ name: "  ", email: null, title: { en: "x" }, customer: "cus_1", amount: 5 }),
    ).toBeUndefined();
    expect(titleOf({})).toBeUndefined();
  });

  it("is one line of bounded length", () => {
    expect(titleOf({ name: "two\n  lines" })).toBe("two lines");
    expect(titleOf({ name: "x".repeat(500) })).toHaveLength(120);
  });
});

describe("a time", () => {
  it("is read from extended JSON in both of its forms, and from text", () => {
    const time = "2026-01-31T12:00:00.000Z";
    expect(timeOf({ $date: "2026-01-31T12:00:00Z" })).toBe(time);
    expect(timeOf({ $date: { $numberLong: String(Date.parse(time)) } })).toBe(time);
    expect(timeOf(time)).toBe(time);
  });

  it("that is none is missing", () => {
    for (const value of [undefined, null, "soon", {}, { $date: "never" }, { $date: {} }, []]) {
      expect(timeOf(value)).toBeUndefined();
    }
  });
});

describe("what _sync_metadata says", () => {
  const metadata = {
    eventId: "evt_1",
    eventType: "customer.updated",
    operation: "upsert",
    jobId: "j1",
    source: "stripe",
    occurredAt: { $date: "2026-01-31T12:00:00Z" },
    receivedAt: { $date: "2026-01-31T12:00:01Z" },
    syncedAt: { $date: "2026-01-31T12:00:02Z" },
    version: { at: 1_769_860_800_123_456, rank: 1 },
    rev: "x",
    livemode: false,
    account: "acct_1",
    apiVersion: "2026-01-01",
  };

  it("is read whole", () => {
    expect(syncFacts({ _id: "cus_1", _sync_metadata: metadata })).toEqual({
      operation: "upsert",
      eventId: "evt_1",
      eventType: "customer.updated",
      jobId: "j1",
      source: "stripe",
      occurredAt: "2026-01-31T12:00:00.000Z",
      receivedAt: "2026-01-31T12:00:01.000Z",
      syncedAt: "2026-01-31T12:00:02.000Z",
      version: "2026-01-31T12:00:00.123456Z, rank 1",
      livemode: false,
      account: "acct_1",
      apiVersion: "2026-01-01",
      deleted: false,
      ambiguous: false,
    });
  });

  it("marks what is deleted and what is ambiguous", () => {
    const facts = syncFacts({
      _sync_metadata: { ...metadata, operation: "delete", deleted: true, ambiguous: true },
    });
    expect(facts).toMatchObject({ operation: "delete", deleted: true, ambiguous: true });
  });

  it("is as much as can be read of it", () => {
    const facts = syncFacts({
      _sync_metadata: { eventType: 7, version: "1", livemode: "yes", operation: "merge" },
    });
    expect(facts).toMatchObject({ deleted: false, ambiguous: false });
    expect(Object.values(facts ?? {}).filter((value) => value !== undefined)).toEqual([false, false]);
  });

  it("is missing in a document of another program", () => {
    expect(syncFacts({ _id: 1, name: "x" })).toBeUndefined();
    expect(syncFacts({ _sync_metadata: "none" })).toBeUndefined();
  });
});

it("the provider's id of the event is what stands before the number of a change", () => {
  expect(providerEventIdOf("evt_1")).toBe("evt_1");
  expect(providerEventIdOf("evt_1#2")).toBe("evt_1");
  expect(providerEventIdOf("a#b")).toBe("a#b");
});

describe("a document's text without its metadata", () => {
  it("has everything else as it stands, wherever the metadata stood", () => {
    const metadata = '"_sync_metadata": {"eventId": "evt_1", "version": {"at": 1}}';
    const rest = '{\n  "_id": "a",\n  "amount": 10.0\n}';
    for (const text of [
      `{${metadata}, "_id": "a", "amount": 10.0}`,
      `{"_id": "a", ${metadata}, "amount": 10.0}`,
      `{"_id": "a", "amount": 10.0, ${metadata}}`,
    ]) {
      expect(withoutMetadata(text)).toBe(rest);
    }
  });

  it("is the same text where there is none, or where it is no JSON", () => {
    for (const text of ['{"_id":1}', '{"a":{"_sync_metadata":1}}', "{", "[]", ""]) {
      expect(withoutMetadata(text)).toBe(text);
    }
  });
});
