/** The values that describe a generic source, as a form holds them and as the engine takes them. */

/** Where a value is found; `none` where it is not looked for. */
export interface PlaceValue {
  kind: "none" | "header" | "path" | "value";
  text: string;
}

export interface GenericValues {
  mode: "hmac" | "token";
  header: string;
  prefix: string;
  algorithm: "sha1" | "sha256" | "sha512";
  encoding: "hex" | "base64";
  secretEncoding: "text" | "hex" | "base64";
  signedContent: string;
  /** Whether the header holds only the signature, or fields such as `t=…,v1=…`. */
  layout: "whole" | "fields";
  signatureField: string;
  fieldSeparator: string;
  /** Where the timestamp is. */
  timestamp: "none" | "header" | "field";
  timestampHeader: string;
  timestampField: string;
  timestampUnit: "s" | "ms";
  /** Seconds; empty for the engine's 300. */
  toleranceSeconds: number | string;
  type: PlaceValue;
  id: PlaceValue;
  time: PlaceValue;
  object: string;
  objectType: PlaceValue;
  objectId: PlaceValue;
  createdTypes: string[];
  deletedTypes: string[];
  bodyIsArray: boolean;
}

const nowhere: PlaceValue = { kind: "none", text: "" };

export const genericDefaults: GenericValues = {
  mode: "hmac",
  header: "",
  prefix: "",
  algorithm: "sha256",
  encoding: "hex",
  secretEncoding: "text",
  signedContent: "{body}",
  layout: "whole",
  signatureField: "v1",
  fieldSeparator: ",",
  timestamp: "none",
  timestampHeader: "",
  timestampField: "t",
  timestampUnit: "s",
  toleranceSeconds: "",
  type: { kind: "path", text: "type" },
  id: { kind: "path", text: "id" },
  time: nowhere,
  object: "",
  objectType: nowhere,
  objectId: nowhere,
  createdTypes: [],
  deletedTypes: [],
  bodyIsArray: false,
};

export type GenericSpec = Record<string, unknown>;

const placeOf = ({ kind, text }: PlaceValue): Record<string, string> | undefined =>
  kind === "none" ? undefined : { [kind]: text };

/** As the engine takes it: only what matters in the chosen mode. */
export function toSpec(values: GenericValues): GenericSpec {
  const spec: GenericSpec = { mode: values.mode, header: values.header };
  const put = (key: string, value: unknown) => {
    if (value !== undefined && value !== "") spec[key] = value;
  };
  if (values.mode === "token") {
    put("prefix", values.prefix);
  } else {
    const fields = values.layout === "fields";
    if (!fields) put("prefix", values.prefix);
    spec.algorithm = values.algorithm;
    spec.encoding = values.encoding;
    spec.secretEncoding = values.secretEncoding;
    spec.signedContent = values.signedContent;
    if (fields) {
      spec.signatureField = values.signatureField;
      spec.fieldSeparator = values.fieldSeparator;
    }
    if (values.timestamp === "header") spec.timestampHeader = values.timestampHeader;
    if (values.timestamp === "field" && fields) spec.timestampField = values.timestampField;
    if (hasTimestamp(values)) {
      spec.timestampUnit = values.timestampUnit;
      put("toleranceSeconds", values.toleranceSeconds);
    }
  }
  put("type", placeOf(values.type));
  put("id", placeOf(values.id));
  put("time", placeOf(values.time));
  put("object", values.object);
  put("objectType", placeOf(values.objectType));
  put("objectId", placeOf(values.objectId));
  if (values.createdTypes.length > 0) spec.createdTypes = values.createdTypes;
  if (values.deletedTypes.length > 0) spec.deletedTypes = values.deletedTypes;
  if (values.bodyIsArray) spec.bodyIsArray = true;
  return spec;
}

/** Whether a timestamp is signed, so that a tolerance means something. */
export const hasTimestamp = ({ mode, layout, timestamp }: GenericValues): boolean =>
  mode === "hmac" && (timestamp === "header" || (timestamp === "field" && layout === "fields"));

/** The form's values of a description that the engine holds. What is not in it has the engine's default. */
export function fromSpec(spec: GenericSpec): GenericValues {
  const text = (key: string, fallback = "") =>
    typeof spec[key] === "string" ? (spec[key] as string) : fallback;
  const place = (key: string): PlaceValue => {
    const [entry] = Object.entries((spec[key] as Record<string, string> | undefined) ?? {});
    return entry ? { kind: entry[0] as PlaceValue["kind"], text: entry[1] } : nowhere;
  };
  const list = (key: string) => (Array.isArray(spec[key]) ? (spec[key] as string[]) : []);
  const oneOf = <T extends string>(key: string, fallback: T) => text(key, fallback) as T;
  return {
    mode: oneOf("mode", "hmac"),
    header: text("header"),
    prefix: text("prefix"),
    algorithm: oneOf("algorithm", "sha256"),
    encoding: oneOf("encoding", "hex"),
    secretEncoding: oneOf("secretEncoding", "text"),
    signedContent: text("signedContent", "{body}"),
    layout: spec.signatureField === undefined || spec.signatureField === null ? "whole" : "fields",
    signatureField: text("signatureField", genericDefaults.signatureField),
    fieldSeparator: text("fieldSeparator", ","),
    timestamp: text("timestampHeader") ? "header" : text("timestampField") ? "field" : "none",
    timestampHeader: text("timestampHeader"),
    timestampField: text("timestampField", genericDefaults.timestampField),
    timestampUnit: oneOf("timestampUnit", "s"),
    toleranceSeconds: typeof spec.toleranceSeconds === "number" ? spec.toleranceSeconds : "",
    type: place("type"),
    id: place("id"),
    time: place("time"),
    object: text("object"),
    objectType: place("objectType"),
    objectId: place("objectId"),
    createdTypes: list("createdTypes"),
    deletedTypes: list("deletedTypes"),
    bodyIsArray: spec.bodyIsArray === true,
  };
}
