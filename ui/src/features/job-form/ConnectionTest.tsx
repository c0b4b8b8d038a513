/** *Test connection*: says what is wrong before anything is saved. */
import { Button, Stack, Text } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { CheckAnswer } from "../../api/schema";
import { checkProblem } from "../../shared/jobs/check";
import { Status } from "../../shared/ui/Status";

interface ConnectionTestProps {
  /** What would be tried, as text: another one makes an earlier result void. */
  subject: string;
  run: () => Promise<CheckAnswer>;
  /** Looks at the fields first; false keeps it from being tried. */
  ready?: () => boolean;
}

export function ConnectionTest({ subject, run, ready }: ConnectionTestProps) {
  const test = useMutation({
    mutationFn: async (tried: string) => ({ tried, answer: await run() }),
    // A finished mutation is remembered for minutes: not one with a connection string in it.
    gcTime: 0,
  });
  const current = test.variables === subject;
  return (
    <Stack gap="xs" align="flex-start">
      <Button
        variant="default"
        leftSection={<IconPlugConnected size={14} />}
        loading={test.isPending}
        onClick={() => (ready?.() ?? true) && test.mutate(subject)}
      >
        Test connection
      </Button>
      <div aria-live="polite">
        {current && test.isPending && <Text size="sm">Trying to connect. This takes up to 30 seconds.</Text>}
        {current && !test.isPending && <Answer answer={test.data?.answer} error={test.error} />}
      </div>
    </Stack>
  );
}

function Answer({ answer, error }: { answer: CheckAnswer | undefined; error: Error | null }) {
  if (answer?.ok) {
    return <Status tone="ok">{answer.message ? `Works: ${answer.message}` : "Works"}</Status>;
  }
  const problem = checkProblem(answer, error);
  if (!problem) return null;
  return (
    <Stack gap={2}>
      <Status tone="bad">Does not work</Status>
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {problem.message}
      </Text>
      {problem.hint && (
        <Text size="sm" c="dimmed">
          {problem.hint}
        </Text>
      )}
    </Stack>
  );
}
