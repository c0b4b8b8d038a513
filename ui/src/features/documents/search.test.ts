import { expect, it } from "vitest";
import { parseDocumentSearch } from "./search";

it("an address is read as far as it can be", () => {
  expect(parseDocumentSearch({ destination: "d1", collection: "customers", id: "cus_1" })).toEqual({
    destination: "d1",
    collection: "customers",
    id: "cus_1",
  });
  expect(parseDocumentSearch({ destination: "", collection: ["a"], id: null, other: "x" })).toEqual({});
});

it("an _id of digits is text, though the router reads it as a number", () => {
  expect(parseDocumentSearch({ id: 42 })).toEqual({ id: "42" });
});
