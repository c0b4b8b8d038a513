/** The key of a source for its provider's API, where it can be entered or is stored. */
import { Button, Checkbox, Group, PasswordInput, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { describeError } from "../../api/client";
import { statusQuery } from "../../api/queries";
import type { ProviderInfo, Source } from "../../api/schema";
import { KeyCheckResult } from "../../shared/apiKey/KeyCheckResult";
import { KeyNeeds } from "../../shared/apiKey/KeyNeeds";
import { useCheckApiKey, useSaveApiKey } from "../../shared/apiKey/mutations";
import { keptWords } from "../../shared/apiKey/words";
import { useJobFormContext } from "./form";
import { secretProblem } from "./validate";

interface ApiKeyFieldProps {
  provider: ProviderInfo | undefined;
  /** The source that is changed; undefined for one that is to be made. */
  stored: Source | undefined;
}

export function ApiKeyField({ provider, stored }: ApiKeyFieldProps) {
  const form = useJobFormContext();
  const { forgetApiKey } = form.values.source;
  const { data: place } = useQuery({ ...statusQuery, select: (status) => status.secrets?.kind });
  const hasKey = stored?.hasApiKey === true;
  const help = provider?.keyHelp;
  const use = help
    ? "Not needed to receive webhooks; with it Hookline sets the webhook up at the provider by itself."
    : "Not needed to receive webhooks.";
  return (
    <>
      <PasswordInput
        label={hasKey ? "Replace the API key (optional)" : "API key (optional)"}
        description={
          hasKey
            ? "A key is stored. It is never shown; leave this empty to keep it."
            : `${use} ${keptWords(place)}`
        }
        autoComplete="off"
        spellCheck={false}
        disabled={forgetApiKey}
        visibilityToggleButtonProps={{ "aria-label": "Show the API key" }}
        {...form.getInputProps("source.apiKey")}
      />
      {help && <KeyNeeds help={help} />}
      {help && stored && !forgetApiKey && <StoredKey source={stored} provider={provider} />}
      {help && !stored && (
        <Text size="xs" c="dimmed">
          The key can be checked once the sync job is added: the next page does it.
        </Text>
      )}
      {hasKey && (
        <Checkbox
          label="Forget the stored API key"
          {...form.getInputProps("source.forgetApiKey", { type: "checkbox" })}
        />
      )}
    </>
  );
}

/** Checks the key; one that was typed is stored first, because only a stored one can be checked. */
function StoredKey({ source, provider }: { source: Source; provider: ProviderInfo }) {
  const form = useJobFormContext();
  const { apiKey } = form.values.source;
  const typed = useRef(apiKey);
  useEffect(() => {
    typed.current = apiKey;
  });
  const check = useCheckApiKey(source.id);
  const save = useSaveApiKey(
    source.id,
    () => typed.current,
    () => {
      form.setFieldValue("source.apiKey", "");
      check.mutate();
    },
  );
  if (!source.hasApiKey && apiKey === "") return null;
  const run = () => {
    if (apiKey === "") {
      check.mutate();
      return;
    }
    const problem = secretProblem(apiKey, "The API key");
    if (problem) {
      form.setFieldError("source.apiKey", problem);
      return;
    }
    check.reset();
    save.mutate(undefined, {
      onError: (error) => form.setFieldError("source.apiKey", describeError(error).message),
    });
  };
  return (
    <Stack gap={4}>
      <Group gap="xs">
        <Button
          variant="default"
          leftSection={<IconKey size={14} />}
          loading={save.isPending || check.isPending}
          onClick={run}
        >
          {apiKey === "" ? "Check key" : "Save and check key"}
        </Button>
      </Group>
      <KeyCheckResult provider={provider.label} check={check} />
    </Stack>
  );
}

/** Of a source that is there already: its key can be checked, and is not changed here. */
export function ChosenKey({ source, provider }: { source: Source; provider: ProviderInfo | undefined }) {
  const check = useCheckApiKey(source.id);
  if (!provider?.keyHelp) return null;
  if (!source.hasApiKey) {
    return (
      <Text size="xs" c="dimmed">
        No API key is stored with this source. The next page asks for one, to set the webhook up at{" "}
        {provider.label} by itself.
      </Text>
    );
  }
  return (
    <Stack gap={4}>
      <Group gap="xs">
        <Button
          variant="default"
          leftSection={<IconKey size={14} />}
          loading={check.isPending}
          onClick={() => check.mutate()}
        >
          Check key
        </Button>
        <Text size="xs" c="dimmed">
          An API key is stored with this source.
        </Text>
      </Group>
      <KeyCheckResult provider={provider.label} check={check} />
    </Stack>
  );
}
