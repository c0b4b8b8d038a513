/** The key of a source: pasted where there is none, else checked or replaced. */
import { Button, Group } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import type { ProviderInfo, Source } from "../../api/schema";
import { Status } from "../ui/Status";
import { ApiKeyForm } from "./ApiKeyForm";
import { KeyCheckResult } from "./KeyCheckResult";
import { useCheckApiKey } from "./mutations";

interface ApiKeyStepProps {
  source: Pick<Source, "id" | "hasApiKey">;
  provider: ProviderInfo;
}

export function ApiKeyStep({ source, provider }: ApiKeyStepProps) {
  const check = useCheckApiKey(source.id);
  const [replacing, setReplacing] = useState(false);
  if (!source.hasApiKey || replacing) {
    return (
      <ApiKeyForm
        sourceId={source.id}
        provider={provider}
        onSaved={() => {
          setReplacing(false);
          check.mutate();
        }}
        {...(source.hasApiKey ? { onCancel: () => setReplacing(false) } : {})}
      />
    );
  }
  return (
    <section aria-label={`API key of ${provider.label}`}>
      <Group gap="xs">
        <Status tone="ok">API key stored</Status>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconKey size={14} />}
          loading={check.isPending}
          onClick={() => check.mutate()}
        >
          Check key
        </Button>
        <Button
          variant="default"
          size="compact-sm"
          onClick={() => {
            check.reset();
            setReplacing(true);
          }}
        >
          Use another key
        </Button>
      </Group>
      <KeyCheckResult provider={provider.label} check={check} />
    </section>
  );
}
