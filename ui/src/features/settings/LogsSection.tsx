import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { describeError } from "../../api/client";
import { statusQuery } from "../../api/queries";
import { readDiagnostics } from "../../shared/diagnostics";
import { copy } from "../../shared/state/copy";
import { PathValue } from "./PathValue";
import { SettingRow, SettingRows } from "./SettingRow";

export function LogsSection() {
  const status = useQuery(statusQuery);
  const [shown, setShown] = useState(false);
  const diagnostics = useMutation({ mutationFn: readDiagnostics });
  const copyThem = async () => {
    const text = await diagnostics.mutateAsync().catch(() => undefined);
    if (text !== undefined) await copy(text, "diagnostics");
  };
  const toggle = () => {
    setShown(!shown);
    if (!shown) diagnostics.mutate();
  };
  const error = diagnostics.error && describeError(diagnostics.error);
  return (
    <SettingRows>
      <SettingRow label="Log folder" description="One file for each day; older ones are removed.">
        {status.data && <PathValue value={status.data.logDir} what="log folder" folder />}
        {status.isLoadingError && (
          <Group gap="xs" role="alert">
            <Text size="sm" c="var(--hl-bad)">
              It could not be read: {describeError(status.error).message}
            </Text>
            <Button variant="default" size="compact-sm" onClick={() => void status.refetch()}>
              Retry
            </Button>
          </Group>
        )}
      </SettingRow>
      <SettingRow
        stacked
        label="Diagnostics"
        description="For a report of a problem: version, system, sizes, counts, the state of each delivery and the last lines of the log. Without secrets, payloads and connection strings."
      >
        <Stack gap="xs">
          <Group gap="xs">
            <Button
              variant="default"
              leftSection={<IconCopy size={14} />}
              loading={diagnostics.isPending}
              onClick={copyThem}
            >
              Copy diagnostics
            </Button>
            <Button variant="default" aria-expanded={shown} onClick={toggle}>
              {shown ? "Hide diagnostics" : "Show diagnostics"}
            </Button>
          </Group>
          {error && (
            <Text size="sm" c="var(--hl-bad)" role="alert">
              {error.message} {error.hint}
            </Text>
          )}
          {shown && diagnostics.data !== undefined && (
            <Textarea
              aria-label="Diagnostics"
              readOnly
              value={diagnostics.data}
              rows={16}
              wrap="off"
              styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12 } }}
            />
          )}
        </Stack>
      </SettingRow>
    </SettingRows>
  );
}
