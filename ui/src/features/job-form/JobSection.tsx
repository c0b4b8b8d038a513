import { Input, Text, TextInput } from "@mantine/core";
import { providerLabel } from "../../shared/provider/providers";
import { type SectionProps, useJobFormContext } from "./form";
import { Section } from "./Section";
import type { Choices, JobValues } from "./values";

export function JobSection({ choices, before }: SectionProps) {
  const form = useJobFormContext();
  return (
    <Section title="Sync job" help="One provider, one destination, one URL.">
      <div>
        <Input.Label size="xs" labelElement="div" display="block">
          Type
        </Input.Label>
        <Text size="sm">Webhook sync: receives what the provider sends, and applies it.</Text>
      </div>
      <TextInput
        label={before ? "Name" : "Name (optional)"}
        placeholder={derivedName(form.values, choices)}
        autoComplete="off"
        {...form.getInputProps("name")}
      />
    </Section>
  );
}

/** The name that the job gets when none is given. */
export function derivedName(values: JobValues, { providers, sources, destinations }: Choices): string {
  const { source, destination } = values;
  const from =
    sources.find(({ id }) => id === values.sourceId)?.name ||
    source.name ||
    providerLabel(providers, source.kind);
  const made = {
    mongodb: destination.database ? `MongoDB ${destination.database}` : "MongoDB",
    local: "Local documents",
    http: "HTTP",
  }[destination.kind];
  const to = destinations.find(({ id }) => id === values.destinationId)?.name || destination.name || made;
  return `${from} → ${to}`;
}
