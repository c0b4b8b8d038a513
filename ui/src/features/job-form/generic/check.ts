/** The engine's rules for a generic description, so that what is wrong is said beside the field. */
import { type GenericValues, hasTimestamp, type PlaceValue } from "./spec";

type Problems = Partial<Record<keyof GenericValues, string>>;

/** What is wrong, by field; empty when nothing is. */
export function checkGeneric(values: GenericValues): Problems {
  const problems: Problems = {};
  const add = (field: keyof GenericValues, problem: string | null) => {
    if (problem && !problems[field]) problems[field] = problem;
  };
  add("header", headerProblem(values.header));
  if (values.mode === "hmac") {
    add("signedContent", contentProblem(values));
    if (values.layout === "fields") {
      add("signatureField", fieldProblem(values.signatureField));
      add("fieldSeparator", separatorProblem(values.fieldSeparator));
    }
    if (values.timestamp === "header") add("timestampHeader", headerProblem(values.timestampHeader));
    if (values.timestamp === "field") {
      add(
        "timestampField",
        values.layout === "fields"
          ? fieldProblem(values.timestampField)
          : "A field of the timestamp is only there where the signature's header is built of fields.",
      );
    }
    if (hasTimestamp(values)) add("toleranceSeconds", toleranceProblem(values.toleranceSeconds));
  }
  add("type", values.type.kind === "none" ? "Say where the type is found." : placeProblem(values.type));
  add(
    "id",
    values.id.kind === "value"
      ? "It cannot be a fixed value: events are told apart by it."
      : placeProblem(values.id),
  );
  add("time", placeProblem(values.time));
  if (values.object) add("object", pathProblem(values.object));
  add("objectId", placeProblem(values.objectId));
  add("objectType", placeProblem(values.objectType));
  const hasId = values.objectId.kind !== "none";
  const hasType = values.objectType.kind !== "none";
  if ((hasType || values.object) && !hasId) {
    add("objectId", "Give the object's id too, or else no object can be told from another.");
  }
  if (hasId && !hasType) add("objectType", "Give the object's type too, such as the fixed value order.");
  return problems;
}

/** A header's name: a token of HTTP. */
export function headerProblem(name: string): string | null {
  if (name === "") return "Name the header.";
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) ? null : "This is no name of a header.";
}

const fieldProblem = (name: string): string | null =>
  /^[A-Za-z0-9_-]+$/.test(name) ? null : "A field's name has letters, digits, _ and -.";

function separatorProblem(separator: string): string | null {
  if ([...separator].length !== 1) return "This is one character.";
  // `=` and what a value can consist of would cut fields to pieces.
  return /[\p{L}\p{N}\p{Cc}=+/]/u.test(separator) ? "This character cannot separate fields." : null;
}

function toleranceProblem(seconds: number | string): string | null {
  if (seconds === "") return null;
  const right =
    typeof seconds === "number" && Number.isInteger(seconds) && seconds >= 0 && seconds <= 4_294_967_295;
  return right ? null : "This is a whole number of seconds, 0 or more.";
}

function placeProblem({ kind, text }: PlaceValue): string | null {
  switch (kind) {
    case "none":
      return null;
    case "header":
      return headerProblem(text);
    case "path":
      return pathProblem(text);
    case "value":
      return text.trim() === "" ? "The value is empty." : null;
  }
}

const PIECES = new Set(["ts", "id", "body", "method", "url"]);

function contentProblem(values: GenericValues): string | null {
  const used = new Set<string>();
  let rest = values.signedContent;
  for (let at = rest.search(/[{}]/); at >= 0; at = rest.search(/[{}]/)) {
    const brace = rest.charAt(at);
    const behind = rest.slice(at + 1);
    if (behind.startsWith(brace)) {
      rest = behind.slice(1);
      continue;
    }
    const end = brace === "{" ? behind.indexOf("}") : -1;
    if (end < 0) return `A ${brace} stands alone; a brace that stands for itself is written twice.`;
    const name = behind.slice(0, end);
    if (!PIECES.has(name)) return `{${name}} is not known; known are {ts}, {id}, {body}, {method} and {url}.`;
    used.add(name);
    rest = behind.slice(end + 1);
  }
  if (!used.has("body")) {
    return "It has to hold {body}: a signature that does not cover the body proves nothing of it.";
  }
  const timed = hasTimestamp(values);
  if (used.has("ts") && !timed) return "It holds {ts}: say below where the timestamp is found.";
  if (!used.has("ts") && timed) {
    return "A timestamp is given, but {ts} is not in here: unsigned, it proves nothing.";
  }
  if (used.has("id") && values.id.kind !== "header")
    return "It holds {id}, so the event's id has to be in a header.";
  return null;
}

/** Paths deeper than the engine's limit describe no webhook. */
const MOST_STEPS = 32;

/** What is wrong with a path such as `data.items[0].id` or `$["a.b"]`; null when nothing is. */
export function pathProblem(path: string): string | null {
  let rest = path.startsWith("$") ? path.slice(1) : path;
  const step = /^(?:\.([^.[\]"*?@$ ]+)|\["((?:(?!"\]).)*)"\]|\[(\d+)\])/;
  let steps = 0;
  if (rest === path && rest !== "" && !rest.startsWith("[")) rest = `.${rest}`;
  while (rest !== "") {
    const read = step.exec(rest);
    if (!read) {
      return rest.startsWith(".")
        ? 'A key in the path is empty, or holds a character that has to stand as ["…"].'
        : "After a [ stands a number or a key in quotation marks, and then a ].";
    }
    rest = rest.slice(read[0].length);
    steps += 1;
  }
  if (steps === 0) return "The path is empty.";
  return steps > MOST_STEPS ? `The path has more than ${MOST_STEPS} steps.` : null;
}

/** The field that the engine's message names first, such as `` `header`: … ``. */
export function fieldNamed(message: string): keyof GenericValues | null {
  for (const [, name] of message.matchAll(/`([A-Za-z]+)`/g)) {
    if (name && (FIELDS as readonly string[]).includes(name)) return name as keyof GenericValues;
  }
  return null;
}

const FIELDS = [
  "header",
  "prefix",
  "algorithm",
  "encoding",
  "secretEncoding",
  "signedContent",
  "signatureField",
  "fieldSeparator",
  "timestampHeader",
  "timestampField",
  "timestampUnit",
  "toleranceSeconds",
  "type",
  "id",
  "time",
  "object",
  "objectType",
  "objectId",
  "createdTypes",
  "deletedTypes",
  "bodyIsArray",
] as const satisfies readonly (keyof GenericValues)[];
