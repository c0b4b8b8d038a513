import { SegmentedControl } from "@mantine/core";
import { useMemo, useState } from "react";
import type { EventDetail } from "../../api/schema";
import { formatBytes } from "../../shared/format/numbers";
import { JsonView } from "../../shared/json/JsonView";
import { TextView } from "../../shared/json/TextView";
import { Empty } from "../../shared/ui/States";
import { bodyNotes, encodingWords, hexDump, wireBytes } from "./body";
import classes from "./Event.module.css";

/** More bytes than this are not shown one by one. */
const MAX_HEX_BYTES = 256 * 1024;

export function PayloadTab({ event }: { event: EventDetail }) {
  const [wanted, setWanted] = useState<"tree" | "raw">("tree");
  // Without text there is nothing but the bytes.
  const shown = event.rawBody == null ? "raw" : wanted;
  const changed = event.changed.length;
  if (event.sizeBytes === 0) return <Empty title="The request had no body" />;
  return (
    <>
      <div className={classes.bar}>
        <SegmentedControl
          size="xs"
          aria-label="How the payload is shown"
          value={shown}
          onChange={(value) => setWanted(value as "tree" | "raw")}
          data={[
            { value: "tree", label: "JSON", disabled: event.rawBody == null },
            { value: "raw", label: "Raw" },
          ]}
        />
        <span>
          {formatBytes(event.sizeBytes)} · {encodingWords(event)}
          {changed > 0 && ` · ${changed === 1 ? "1 value" : `${changed} values`} changed`}
        </span>
      </div>
      {bodyNotes(event).map((note) => (
        <p key={note} className={classes.notes}>
          {note}
        </p>
      ))}
      {shown === "tree" ? <Tree event={event} /> : <Raw event={event} />}
    </>
  );
}

/** The tree opens down to here; what lies deeper is one key away. */
const OPEN_LEVELS = 4;

function Tree({ event }: { event: EventDetail }) {
  const changed = useMemo(
    () => event.changed.map(({ path, before }) => ({ path: path as (string | number)[], before })),
    [event.changed],
  );
  return (
    <JsonView
      text={event.rawBody ?? ""}
      label={`Payload of ${event.providerEventId || event.id}`}
      initialFold={OPEN_LEVELS}
      changed={changed}
    />
  );
}

function Raw({ event }: { event: EventDetail }) {
  const isText = event.rawBody != null && event.rawBodyBase64 == null;
  const text = useMemo(() => {
    if (isText) return event.rawBody ?? "";
    return hexDump(wireBytes(event).subarray(0, MAX_HEX_BYTES));
  }, [event, isText]);
  const note =
    !isText && event.sizeBytes > MAX_HEX_BYTES
      ? `The first ${formatBytes(MAX_HEX_BYTES)}; the export holds all of it.`
      : undefined;
  return (
    <TextView
      text={text}
      label={isText ? "Exact text of the body" : "Bytes of the body in hexadecimal"}
      {...(note ? { note } : {})}
    />
  );
}
