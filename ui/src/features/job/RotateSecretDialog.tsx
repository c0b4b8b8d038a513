import { Button, Checkbox, Code, Group, Modal, PasswordInput, Radio, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, describeError } from "../../api/client";
import { providersQuery, sourcesQuery } from "../../api/queries";
import type { SyncJob } from "../../api/schema";
import { formatAbsolute } from "../../shared/format/times";
import { useRotateSecret } from "../../shared/jobs/mutations";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Problem } from "../../shared/ui/Problem";
import { Status } from "../../shared/ui/Status";

const KEEP_CHOICES = [
  { hours: 0, label: "Not at all: it stops counting now" },
  { hours: 1, label: "1 hour" },
  { hours: 24, label: "24 hours" },
  { hours: 168, label: "7 days" },
] as const;

/** What was asked for is typed next. */
const focus = (field: HTMLInputElement | null): void => field?.focus();

/** Replaces the signing secret and shows the new one, once. */
export function RotateSecretDialog({ job, onClose }: { job: SyncJob; onClose: () => void }) {
  const rotate = useRotateSecret(job.id);
  return (
    <Modal opened onClose={onClose} title={`Rotate the secret of ${job.name}`} size="lg">
      {rotate.data ? (
        <Done job={rotate.data} onClose={onClose} />
      ) : (
        <Choice job={job} rotate={rotate} onClose={onClose} />
      )}
    </Modal>
  );
}

interface ChoiceProps {
  job: SyncJob;
  rotate: ReturnType<typeof useRotateSecret>;
  onClose: () => void;
}

function Choice({ job, rotate, onClose }: ChoiceProps) {
  const [hours, setHours] = useState("24");
  const [own, setOwn] = useState(false);
  const [secret, setSecret] = useState("");
  const { data: kind } = useQuery({
    ...sourcesQuery,
    select: (sources) => sources.find(({ id }) => id === job.sourceId)?.kind,
  });
  const { data: help } = useQuery({
    ...providersQuery,
    select: (providers) => providers.find((provider) => provider.kind === kind)?.secretHelp,
  });
  const fieldError =
    rotate.error instanceof ApiError && rotate.error.field === "secret" ? rotate.error : undefined;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    rotate.mutate({ keepOldForHours: Number(hours), secret: own ? secret.trim() : undefined });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Radio.Group
          label="How long the old secret keeps counting"
          description="Until the provider signs with the new one, requests still come with the old one."
          value={hours}
          onChange={setHours}
        >
          <Stack gap={8} mt={8}>
            {KEEP_CHOICES.map((choice) => (
              <Radio key={choice.hours} value={String(choice.hours)} label={choice.label} size="xs" />
            ))}
          </Stack>
        </Radio.Group>
        <Checkbox
          label="Use a secret that the provider made"
          checked={own}
          onChange={(event) => setOwn(event.currentTarget.checked)}
        />
        {own && (
          <PasswordInput
            label="The new secret"
            {...(help ? { description: help } : {})}
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
            error={
              fieldError &&
              // The help stands above already.
              describeError(fieldError).message
            }
            aria-invalid={fieldError ? true : undefined}
            autoComplete="off"
            spellCheck={false}
            ref={focus}
          />
        )}
        {rotate.isError && !(fieldError && own) && (
          <Problem title="The secret could not be replaced" {...describeError(rotate.error)} />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={rotate.isPending} disabled={own && secret.trim() === ""}>
            {own ? "Use this secret" : "Make a new secret"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Done({ job, onClose }: { job: SyncJob; onClose: () => void }) {
  return (
    <Stack gap="md">
      <Status tone="ok">The secret was replaced</Status>
      <div>
        <Text size="sm" mb={4}>
          The new secret. Put it in at the provider:
        </Text>
        <Group gap={8} wrap="nowrap">
          <Code block style={{ flex: 1, overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
            {job.webhookSecret ?? ""}
          </Code>
          <CopyButton value={job.webhookSecret ?? ""} what="secret" variant="default" />
        </Group>
      </div>
      <Text size="sm">{oldSecretWords(job.oldSecretValidUntil)}</Text>
      <Group justify="flex-end">
        <Button onClick={onClose} data-autofocus>
          Done
        </Button>
      </Group>
    </Stack>
  );
}

/** Until when requests with the old secret are taken. */
export const oldSecretWords = (until: string | null | undefined): string =>
  until
    ? `The old secret counts until ${formatAbsolute(until)}.`
    : "The old secret does not count any more: requests signed with it are rejected.";
