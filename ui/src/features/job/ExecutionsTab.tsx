import { Switch, Text } from "@mantine/core";
import { useState } from "react";
import { ExecutionTable } from "../../shared/executions/ExecutionTable";
import classes from "./JobView.module.css";

/** The job's batches. */
export function ExecutionsTab({ jobId }: { jobId: string }) {
  const [failedOnly, setFailedOnly] = useState(false);
  return (
    <>
      <div className={classes.bar}>
        <Text size="sm" c="dimmed" style={{ flex: 1 }}>
          Each execution is a batch of events that was applied in one go.
        </Text>
        <Switch
          label="Failed only"
          checked={failedOnly}
          onChange={(event) => setFailedOnly(event.currentTarget.checked)}
        />
      </div>
      <div className={classes.room}>
        <ExecutionTable
          key={String(failedOnly)}
          filter={{ jobId, failedOnly }}
          empty={{
            title: "Nothing was applied yet",
            text: "When events arrive, each batch of them is listed here with what became of it.",
          }}
          onShowAll={() => setFailedOnly(false)}
        />
      </div>
    </>
  );
}
