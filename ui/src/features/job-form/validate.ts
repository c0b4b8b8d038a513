/** The engine's rules for a job, its source and its destination, so that what is wrong is said beside the field. */
import { formatCount } from "../../shared/format/numbers";
import { JOB_LIMITS } from "../../shared/jobs/limits";
import { checkGeneric } from "./generic/check";
import { type DestinationValues, type JobValues, NEW, type SourceValues } from "./values";

export const LIMITS = {
  ...JOB_LIMITS,
  name: 200,
  prefix: 64,
  secret: 4096,
  patterns: 500,
  pattern: 200,
} as const;

export type Problems = Record<string, string>;

/** What is wrong with the form, by the path of the field. `before` is the job as it is, in an edit. */
export function validateJob(values: JobValues, before: JobValues | null): Problems {
  const problems: Problems = {};
  const add = (field: string, problem: string | null) => {
    if (problem) problems[field] = problem;
  };
  add("name", nameProblem(values.name, before !== null));
  if (values.sourceId === NEW) addSource(add, values.source, false);
  else if (before && values.sourceId === before.sourceId) addSource(add, values.source, true);
  if (values.destinationId === NEW) addDestination(add, values.destination, false);
  else if (before && values.destinationId === before.destinationId) {
    addDestination(add, values.destination, true);
  }
  if (values.scope === "some") add("eventTypes", patternsProblem(values.eventTypes));
  for (const field of ["batchSize", "batchWaitMs", "retentionDays"] as const) {
    add(field, numberProblem(values[field], LIMITS[field]));
  }
  if (values.archive) add("archiveDays", numberProblem(values.archiveDays, LIMITS.archiveDays));
  if (values.signatureToleranceSeconds !== "") {
    add(
      "signatureToleranceSeconds",
      numberProblem(values.signatureToleranceSeconds, LIMITS.signatureToleranceSeconds),
    );
  }
  if (values.collectionPrefix !== null) add("collectionPrefix", prefixProblem(values.collectionPrefix));
  return problems;
}

type Add = (field: string, problem: string | null) => void;

function addSource(add: Add, source: SourceValues, exists: boolean): void {
  add("source.name", nameProblem(source.name, exists));
  if (source.apiKey !== "") add("source.apiKey", secretProblem(source.apiKey, "The API key"));
  if (source.kind === "generic") {
    for (const [field, problem] of Object.entries(checkGeneric(source.generic))) {
      add(`source.generic.${field}`, problem);
    }
  }
}

function addDestination(add: Add, destination: DestinationValues, exists: boolean): void {
  for (const [field, problem] of Object.entries(checkDestination(destination, exists))) {
    add(`destination.${field}`, problem);
  }
}

/** What is wrong with a destination, by field. One that exists already keeps its address when none is given. */
export function checkDestination(destination: DestinationValues, exists: boolean): Problems {
  const { kind, name, uri, database, url } = destination;
  const problems: Problems = {};
  const add: Add = (field, problem) => {
    if (problem) problems[field] = problem;
  };
  add("name", nameProblem(name, exists));
  if (kind === "mongodb") {
    if (uri !== "" || !exists) add("uri", uriProblem(uri));
    if (database !== "") add("database", databaseProblem(database));
    else if (!problems.uri && !exists) add("database", databaseInUri(uri));
  }
  if (kind === "http" && (url !== "" || !exists)) add("url", urlProblem(url));
  return problems;
}

export function nameProblem(name: string, required: boolean): string | null {
  const length = [...name].length;
  if (length === 0) return required ? "Give it a name." : null;
  if (length > LIMITS.name) return `A name has 1 to ${LIMITS.name} characters, this one ${length}.`;
  if (name.startsWith(" ")) return "A name does not begin with a space.";
  return hasControl(name) ? "A name has no control characters, such as line breaks." : null;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const hasControl = (text: string): boolean => /[\u0000-\u001f\u007f]/.test(text);

/** A key, URL or connection string: no white space around it or in it. */
export function secretProblem(secret: string, what: string): string | null {
  if (secret === "") return `${what} is empty.`;
  if (secret.trim() !== secret) {
    return `${what} has white space around it, probably from copying; leave it away.`;
  }
  if (hasControl(secret)) return `${what} has line breaks or other control characters in it.`;
  if ([...secret].length > LIMITS.secret) return `${what} is longer than ${LIMITS.secret} characters.`;
  return /\s/.test(secret) ? `${what} has white space in it.` : null;
}

export function numberProblem(
  value: number | string,
  { min, max }: { min: number; max: number },
): string | null {
  const number = typeof value === "number" ? value : value.trim() === "" ? Number.NaN : Number(value);
  return Number.isInteger(number) && number >= min && number <= max
    ? null
    : `This is a whole number from ${min} to ${formatCount(max)}.`;
}

export function prefixProblem(prefix: string): string | null {
  if (prefix.startsWith("_hookline")) return "Names that begin with _hookline are Hookline's own.";
  return prefix.length <= LIMITS.prefix && /^[A-Za-z0-9_-]*$/.test(prefix)
    ? null
    : `A collection prefix has at most ${LIMITS.prefix} letters, digits, _ and -.`;
}

export function patternsProblem(patterns: string[]): string | null {
  if (patterns.length === 0) return "Choose at least one event type, or all events.";
  if (patterns.length > LIMITS.patterns) {
    return `At most ${LIMITS.patterns} event types can be listed, these are ${patterns.length}. A wildcard such as customer.* stands for many.`;
  }
  return patterns.map(patternProblem).find((problem) => problem !== null) ?? null;
}

export function patternProblem(pattern: string): string | null {
  const trimmed = pattern.trim();
  if (trimmed === "") return "An event type is empty.";
  return [...trimmed].length > LIMITS.pattern || hasControl(trimmed)
    ? `An event type has at most ${LIMITS.pattern} characters and no control characters.`
    : null;
}

export function uriProblem(uri: string): string | null {
  const secret = secretProblem(uri, "The URI");
  if (secret) return secret;
  return /^mongodb(\+srv)?:\/\//.test(uri) ? null : "A MongoDB URI begins with mongodb:// or mongodb+srv://.";
}

/** The database that the URI's path names; the engine reads the rest of it. */
export const databaseOf = (uri: string): string | undefined =>
  /^mongodb(?:\+srv)?:\/\/[^/]*\/([^?]+)/.exec(uri)?.[1];

function databaseInUri(uri: string): string | null {
  const database = databaseOf(uri);
  return database === undefined
    ? "Name the database here, or in the URI's path: mongodb://host/DATABASE."
    : databaseProblem(database);
}

export function databaseProblem(database: string): string | null {
  if (!/^[A-Za-z0-9_-]{1,63}$/.test(database)) {
    return "A database's name has 1 to 63 letters, digits, _ and -.";
  }
  return ["admin", "config", "local"].includes(database)
    ? `${database} is a database that MongoDB uses itself; name another.`
    : null;
}

export function urlProblem(url: string): string | null {
  const secret = secretProblem(url, "The URL");
  if (secret) return secret;
  if (!/^https?:\/\//i.test(url)) return "The URL begins with http:// or https://.";
  if (!URL.canParse(url)) return "This is no URL.";
  return url.includes("#") ? "A URL with a fragment (#…) cannot be requested." : null;
}
