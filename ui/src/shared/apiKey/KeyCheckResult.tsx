import { Code, Stack, Text } from "@mantine/core";
import { describeError } from "../../api/client";
import type { KeyCheck } from "../../api/schema";
import { Linked } from "../ui/Linked";
import { Status } from "../ui/Status";
import type { useCheckApiKey } from "./mutations";
import { accountWords, refusalOf } from "./words";

interface KeyCheckResultProps {
  provider: string;
  /** How asking the provider goes. */
  check: Pick<ReturnType<typeof useCheckApiKey>, "isPending" | "data" | "error">;
}

/** Whose key it is, or why it is not taken and what it has to be allowed. */
export function KeyCheckResult({ provider, check: { isPending, data, error } }: KeyCheckResultProps) {
  return (
    <div aria-live="polite" style={{ overflowWrap: "anywhere" }}>
      {isPending ? (
        <Status tone="busy">{`Asking ${provider}…`}</Status>
      ) : error ? (
        <Refused title="The key could not be checked" {...describeError(error)} />
      ) : (
        data && <Found data={data} provider={provider} />
      )}
    </div>
  );
}

function Found({ data, provider }: { data: KeyCheck; provider: string }) {
  const refusal = refusalOf(data);
  if (refusal) return <Refused title={`${provider} does not take the key`} {...refusal} data={data} />;
  return (
    <Stack gap={2}>
      <Status tone="ok">{`${provider} takes the key`}</Status>
      {data.account && <Text size="sm">{accountWords(data.account)}.</Text>}
    </Stack>
  );
}

interface RefusedProps {
  title: string;
  message: string;
  hint: string | undefined;
  data?: KeyCheck;
}

function Refused({ title, message, hint, data }: RefusedProps) {
  const permissions = data?.keyHelp?.permissions ?? [];
  return (
    <Stack gap={2} role="alert">
      <Status tone="bad">{title}</Status>
      <Text size="sm" component="div">
        <Linked>{message}</Linked>
      </Text>
      {hint && (
        <Text size="sm" c="dimmed" component="div">
          <Linked>{hint}</Linked>
        </Text>
      )}
      {permissions.length > 0 && (
        <Text size="sm" c="dimmed">
          The key has to be allowed:{" "}
          {permissions.map((permission) => (
            <Code key={permission} fz={12}>
              {permission}
            </Code>
          ))}
        </Text>
      )}
    </Stack>
  );
}
