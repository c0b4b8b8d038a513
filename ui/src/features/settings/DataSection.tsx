import { Button, Group, Loader, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, call, describeError } from "../../api/client";
import { keys } from "../../api/keys";
import { statusQuery } from "../../api/queries";
import type { SecretsStatus } from "../../api/schema";
import { formatBytes } from "../../shared/format/numbers";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Problem } from "../../shared/ui/Problem";
import { Failed, LoadingRows } from "../../shared/ui/States";
import { Status } from "../../shared/ui/Status";
import { PathValue } from "./PathValue";
import { suggestedBackup } from "./paths";
import { RetentionRow } from "./RetentionRow";
import { SettingRow, SettingRows } from "./SettingRow";

export function DataSection() {
  const status = useQuery(statusQuery);
  if (status.isPending) return <LoadingRows rows={5} />;
  if (status.isLoadingError) {
    return (
      <Failed title="Where the data lie could not be read" error={status.error} onRetry={status.refetch} />
    );
  }
  const { dataDir, secrets, storage } = status.data;
  return (
    <Stack gap="md">
      {storage.problem && (
        <Problem
          title="Events cannot be stored: every request is answered 503"
          message={storage.problem.message}
          hint={storage.problem.hint}
        />
      )}
      <SettingRows>
        <SettingRow
          label="Data folder"
          description="Events, documents of local destinations, settings and the log."
        >
          <PathValue value={dataDir} what="data folder" folder />
        </SettingRow>
        <SettingRow label="Size" description="The search index can be made anew from the database.">
          <Text size="sm">
            {formatBytes(storage.databaseBytes)} database, {formatBytes(storage.searchBytes)} search index
          </Text>
        </SettingRow>
        <SecretsRow secrets={secrets} />
        <RetentionRow />
        <IntegrityRow />
        <BackupRow dataDir={dataDir} />
      </SettingRows>
    </Stack>
  );
}

function SecretsRow({ secrets }: { secrets: SecretsStatus }) {
  const inFile = secrets.kind === "file";
  return (
    <SettingRow
      stacked
      label="Secrets"
      description={
        inFile
          ? "Signing secrets, API keys and connection strings lie in a file, not encrypted. Other users of this machine cannot read it; whoever can read your files can."
          : "Signing secrets, API keys and connection strings are encrypted there, apart from the database."
      }
    >
      <Status tone={inFile ? "wait" : "ok"}>{`Kept in ${secrets.description}`}</Status>
      {secrets.remedy && (
        <Text size="xs" c="dimmed" mt={4}>
          {secrets.remedy}
        </Text>
      )}
    </SettingRow>
  );
}

function IntegrityRow() {
  const check = useMutation({ mutationFn: () => call(api.POST("/api/maintenance/check")) });
  const error = check.error && describeError(check.error);
  return (
    <SettingRow
      label="Integrity"
      description={
        <Stack gap={4} role="status">
          {check.isPending ? (
            <Group gap={8}>
              <Loader size={12} />
              Reading the whole database; receiving goes on meanwhile.
            </Group>
          ) : check.data?.ok ? (
            <Status tone="ok">No damage was found.</Status>
          ) : check.data ? (
            <>
              <Status tone="bad">The database is damaged. Make a backup before anything else.</Status>
              <ul style={{ margin: 0, paddingLeft: 20 }}>
                {check.data.problems.map((problem) => (
                  <li key={problem}>{problem}</li>
                ))}
              </ul>
            </>
          ) : error ? (
            <Text size="xs" c="var(--hl-bad)">
              {error.message} {error.hint}
            </Text>
          ) : (
            "Reads the whole database and looks for damage."
          )}
        </Stack>
      }
    >
      <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>
        Check now
      </Button>
    </SettingRow>
  );
}

function BackupRow({ dataDir }: { dataDir: string }) {
  const client = useQueryClient();
  const [path, setPath] = useState(() => suggestedBackup(dataDir, new Date()));
  const backup = useMutation({
    mutationFn: (to: string) => call(api.POST("/api/maintenance/backup", { body: { path: to } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.status }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    backup.mutate(path.trim());
  };
  const error = backup.error && describeError(backup.error);
  return (
    <SettingRow
      stacked
      label="Backup"
      description="Writes a consistent copy of the database into a new file, while Hookline runs. Secrets and the documents of local destinations are not in it."
    >
      <form onSubmit={submit}>
        <Group align="flex-start" gap="xs" wrap="nowrap">
          <TextInput
            aria-label="File of the backup"
            ff="monospace"
            flex={1}
            spellCheck={false}
            value={path}
            error={error && [error.message, error.hint].filter(Boolean).join(" ")}
            onChange={(event) => setPath(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" loading={backup.isPending} disabled={path.trim() === ""}>
            Back up
          </Button>
        </Group>
      </form>
      {backup.data && (
        <Group gap={4} mt={8} role="status" wrap="nowrap">
          <Status tone="ok">{`${formatBytes(backup.data.sizeBytes)} written`}</Status>
          <CopyButton value={backup.data.path} what="backup's path" size={20} />
        </Group>
      )}
    </SettingRow>
  );
}
