import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { EventDetail } from "../../api/schema";
import { formatAbsolute } from "../../shared/format/times";
import { formatJson } from "../../shared/json/format";
import { JsonDiff } from "../../shared/json/JsonDiff";
import { Empty, Failed, LoadingRows } from "../../shared/ui/States";
import classes from "./Event.module.css";
import { eventQuery } from "./queries";

export function CompareTab({ event }: { event: EventDetail }) {
  const neighbour = event.previousOfObject;
  const [whole, setWhole] = useState(false);
  const previous = useQuery({
    ...eventQuery(event.jobId, neighbour?.id ?? ""),
    enabled: neighbour != null,
  });
  const path = event.objectPath;
  const hasObject = path != null && path.length > 0;
  const texts = useMemo(() => {
    const earlier = previous.data?.rawBody;
    if (earlier == null || event.rawBody == null) return undefined;
    const part = (text: string) => (whole || !path ? text : (objectText(text, path) ?? text));
    return { before: part(earlier), after: part(event.rawBody) };
  }, [previous.data, event.rawBody, whole, path]);

  if (!neighbour) {
    return (
      <Empty title="Nothing to compare with">
        {event.objectId
          ? "This is the first event of this object that is stored here."
          : "This event is about no single object."}
      </Empty>
    );
  }
  if (previous.isPending) return <LoadingRows rows={6} />;
  if (previous.isLoadingError) {
    return (
      <Failed
        title="The previous event could not be read"
        error={previous.error}
        onRetry={() => void previous.refetch()}
      />
    );
  }
  if (!texts) return <Empty title="Nothing to compare">One of the two bodies is no text.</Empty>;
  return (
    <>
      <div className={classes.bar}>
        <SegmentedControl
          size="xs"
          aria-label="What is compared"
          value={whole || !hasObject ? "whole" : "object"}
          onChange={(value) => setWhole(value === "whole")}
          data={[
            { value: "object", label: "Object", disabled: !hasObject },
            { value: "whole", label: "Whole payload" },
          ]}
        />
        <span>
          Since {neighbour.type}, received {formatAbsolute(neighbour.receivedAt)}
        </span>
      </div>
      <JsonDiff {...texts} label="Differences to the previous event of this object" />
    </>
  );
}

/** The object within a payload, as text; undefined when it is not there. */
function objectText(text: string, path: (string | number)[]): string | undefined {
  const formatted = formatJson(text);
  if (!formatted.ok) return undefined;
  const line = formatted.lines.find(path);
  return line === undefined ? undefined : formatted.lines.valueText(line);
}
