import { describe, expect, it } from "vitest";
import { checkGeneric, fieldNamed, pathProblem } from "./check";
import { fromSpec, type GenericValues, genericDefaults, toSpec } from "./spec";

const right: GenericValues = { ...genericDefaults, header: "X-Signature" };
const problems = (changes: Partial<GenericValues>) => checkGeneric({ ...right, ...changes });

describe("a generic description", () => {
  it("what_is_right_has_no_problems", () => {
    expect(problems({})).toEqual({});
    expect(
      problems({
        layout: "fields",
        timestamp: "field",
        signedContent: "{ts}.{body}",
        objectId: { kind: "path", text: "data.id" },
        objectType: { kind: "value", text: "order" },
        object: "data",
      }),
    ).toEqual({});
    expect(problems({ signedContent: "{{x}}{id}{body}", id: { kind: "header", text: "X-Id" } })).toEqual({});
  });

  it.each<[keyof GenericValues, Partial<GenericValues>, string]>([
    ["header", { header: "X Signature" }, "no name of a header"],
    ["header", { header: "" }, "Name the header"],
    ["signedContent", { signedContent: "{time}.{body}" }, "{time} is not known"],
    ["signedContent", { signedContent: "{body" }, "A { stands alone"],
    ["signedContent", { signedContent: "body}" }, "A } stands alone"],
    ["signedContent", { signedContent: "x" }, "has to hold {body}"],
    ["signedContent", { signedContent: "{ts}.{body}" }, "say below where the timestamp is found"],
    ["signedContent", { timestamp: "header", timestampHeader: "X-Ts" }, "unsigned, it proves nothing"],
    ["signedContent", { signedContent: "{id}.{body}" }, "has to be in a header"],
    ["timestampField", { timestamp: "field", signedContent: "{ts}{body}" }, "only there where"],
    ["signatureField", { layout: "fields", signatureField: "v 1" }, "letters, digits"],
    ["fieldSeparator", { layout: "fields", fieldSeparator: "=" }, "cannot separate"],
    ["fieldSeparator", { layout: "fields", fieldSeparator: ";;" }, "one character"],
    ["type", { type: { kind: "path", text: "a..b" } }, "empty"],
    ["type", { type: { kind: "value", text: " " } }, "The value is empty"],
    ["type", { type: { kind: "none", text: "" } }, "Say where"],
    ["id", { id: { kind: "value", text: "x" } }, "cannot be a fixed value"],
    ["id", { id: { kind: "header", text: "a:b" } }, "no name of a header"],
    ["objectId", { object: "data" }, "Give the object's id"],
    ["objectId", { objectType: { kind: "value", text: "order" } }, "Give the object's id"],
    ["objectType", { objectId: { kind: "path", text: "id" } }, "Give the object's type"],
    ["toleranceSeconds", { ...timed(), toleranceSeconds: -5 }, "whole number of seconds"],
  ])("%s is told of when it is wrong", (field, changes, expected) => {
    expect(problems(changes)[field]).toContain(expected);
  });

  it("paths_are_read_as_the_engine_reads_them", () => {
    for (const good of ["type", "data.items[0].id", "$.a.b", '["a.b"].c', '$["x"][2]']) {
      expect(pathProblem(good)).toBeNull();
    }
    for (const bad of ["", "$", "a..b", "a[", "a[x]", "a b", "a.*", '["a"', "a[0]b", `a${".a".repeat(32)}`]) {
      expect(pathProblem(bad)).not.toBeNull();
    }
  });

  it("a_description_survives_being_read_and_written", () => {
    const spec = {
      mode: "hmac",
      header: "X-Acme",
      algorithm: "sha512",
      encoding: "base64",
      secretEncoding: "hex",
      signedContent: "{ts}.{body}",
      signatureField: "v1",
      fieldSeparator: ";",
      timestampField: "t",
      timestampUnit: "ms",
      toleranceSeconds: 60,
      type: { header: "X-Type" },
      id: { path: "id" },
      time: { path: "at" },
      object: "data",
      objectId: { path: "data.id" },
      objectType: { value: "order" },
      createdTypes: ["*.created"],
      deletedTypes: ["*.deleted"],
      bodyIsArray: true,
    };
    expect(toSpec(fromSpec(spec))).toEqual(spec);
  });

  it("what_does_not_matter_in_the_mode_is_not_sent", () => {
    const token = toSpec({
      ...right,
      mode: "token",
      prefix: "Bearer ",
      timestamp: "header",
      timestampHeader: "T",
    });
    expect(token).toEqual({
      mode: "token",
      header: "X-Signature",
      prefix: "Bearer ",
      type: { path: "type" },
      id: { path: "id" },
    });
    expect(toSpec({ ...right, layout: "fields", prefix: "x" })).not.toHaveProperty("prefix");
  });

  it("the_engines_message_names_the_field", () => {
    expect(fieldNamed("the generic source is not described rightly: `header`: `X Y` is no name")).toBe(
      "header",
    );
    expect(fieldNamed("a source of kind `generic` is described by values")).toBeNull();
  });
});

function timed(): Partial<GenericValues> {
  return { timestamp: "header", timestampHeader: "T", signedContent: "{ts}{body}" };
}
