/** Where a key for the provider's API is pasted. Once it is stored nothing of it is left on the page. */
import { Button, Group, PasswordInput, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useRef, useState } from "react";
import { describeError } from "../../api/client";
import { statusQuery } from "../../api/queries";
import type { ProviderInfo } from "../../api/schema";
import { KeyNeeds } from "./KeyNeeds";
import { useSaveApiKey } from "./mutations";
import { keptWords } from "./words";

interface ApiKeyFormProps {
  sourceId: string;
  provider: ProviderInfo;
  onSaved: () => void;
  /** Given where a key is stored already, which may stay. */
  onCancel?: () => void;
}

export function ApiKeyForm({ sourceId, provider, onSaved, onCancel }: ApiKeyFormProps) {
  const id = useId();
  const { data: place } = useQuery({ ...statusQuery, select: (status) => status.secrets?.kind });
  // The key stays in the field and is in no state of React's: what is typed is known to be there, not what it is.
  const field = useRef<HTMLInputElement>(null);
  const [isTyped, setTyped] = useState(false);
  const save = useSaveApiKey(
    sourceId,
    () => field.current?.value.trim() ?? "",
    () => {
      if (field.current) field.current.value = "";
      setTyped(false);
      onSaved();
    },
  );
  const problem = save.isError ? describeError(save.error) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // It may stand within another form, which is not to be sent.
    event.stopPropagation();
    if (isTyped && !save.isPending) save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Group gap="xs" align="flex-end">
        <PasswordInput
          ref={field}
          label={`API key of ${provider.label}`}
          description={keptWords(place)}
          onChange={(event) => {
            setTyped(event.currentTarget.value.trim() !== "");
            if (save.isError) save.reset();
          }}
          error={problem !== null}
          {...(problem ? { "aria-describedby": `${id}-problem` } : {})}
          autoComplete="off"
          spellCheck={false}
          maxLength={4096}
          visibilityToggleButtonProps={{ "aria-label": "Show what is typed" }}
          flex="1 1 260px"
        />
        <Button type="submit" disabled={!isTyped} loading={save.isPending}>
          Save and check key
        </Button>
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            Keep the stored one
          </Button>
        )}
      </Group>
      {problem && (
        <Text size="sm" c="var(--hl-bad)" role="alert" mt={4} id={`${id}-problem`}>
          The key was not stored: {problem.message} {problem.hint}
        </Text>
      )}
      {provider.keyHelp && (
        <Text component="div" mt={8}>
          <KeyNeeds help={provider.keyHelp} />
        </Text>
      )}
    </form>
  );
}
