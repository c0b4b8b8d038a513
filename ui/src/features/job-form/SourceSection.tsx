import { Select, TextInput } from "@mantine/core";
import type { Source } from "../../api/schema";
import { ProviderMark } from "../../shared/provider/ProviderMark";
import { providerLabel, providerOf, withGeneric } from "../../shared/provider/providers";
import { ApiKeyField, ChosenKey } from "./ApiKeyField";
import { type SectionProps, useJobFormContext } from "./form";
import { GenericFields } from "./generic/GenericFields";
import classes from "./JobForm.module.css";
import { Section } from "./Section";
import { blankSource, NEW, sourceValues } from "./values";

/** Stands for "New source" in the list: an empty value would mean that nothing is chosen. */
const NEW_OPTION = "new";

export function SourceSection({ choices, before }: SectionProps) {
  const form = useJobFormContext();
  const { sourceId, source } = form.values;
  const { providers } = choices;
  // The kind of a job's source is fixed: its events are read by it.
  const sources = before
    ? choices.sources.filter(({ kind }) => kind === before.source.kind)
    : choices.sources;
  const chosen = sources.find(({ id }) => id === sourceId);
  const isOwn = before !== null && before.sourceId === sourceId;

  const choose = (value: string | null) => {
    const next = sources.find(({ id }) => id === value);
    form.setFieldValue("sourceId", next?.id ?? NEW);
    form.setFieldValue(
      "source",
      next && before?.sourceId === next.id ? sourceValues(next) : blankSource(next?.kind ?? source.kind),
    );
  };

  const help = before
    ? `The account the events come from. A job's provider (${providerLabel(providers, before.source.kind)}) is fixed, because its events are read by it.`
    : "The provider that sends the webhooks.";
  return (
    <Section title="Data source" help={help}>
      {sources.length > 0 && (
        <Select
          label="Source"
          data={[
            ...sources.map((each) => ({
              value: each.id,
              label: sourceName(each, providerLabel(providers, each.kind)),
            })),
            { value: NEW_OPTION, label: "New source…" },
          ]}
          value={chosen?.id ?? NEW_OPTION}
          onChange={choose}
          allowDeselect={false}
          searchable={sources.length > 8}
          error={form.errors.sourceId}
        />
      )}
      {chosen && !isOwn && (
        <ChosenKey key={chosen.id} source={chosen} provider={providerOf(providers, chosen.kind)} />
      )}
      {(!chosen || isOwn) && (
        <div className={sources.length > 0 ? classes.nested : classes.fields}>
          {!chosen && !before && (
            <Select
              label="Provider"
              data={withGeneric(providers).map(({ kind, label }) => ({ value: kind, label }))}
              value={source.kind}
              onChange={(kind) => kind && form.setFieldValue("source", { ...source, kind })}
              renderOption={({ option }) => (
                <span className={classes.choice}>
                  <ProviderMark kind={option.value} label={option.label} />
                  <span>{option.label}</span>
                </span>
              )}
              leftSection={
                <ProviderMark kind={source.kind} label={providerLabel(providers, source.kind)} size={20} />
              }
              allowDeselect={false}
              searchable
              nothingFoundMessage="No provider of this name. “Another sender” takes any that signs its webhooks."
              error={form.errors["source.kind"]}
            />
          )}
          <TextInput
            label={isOwn ? "Source name" : "Source name (optional)"}
            placeholder={providerLabel(providers, source.kind)}
            autoComplete="off"
            {...form.getInputProps("source.name")}
          />
          <ApiKeyField provider={providerOf(providers, source.kind)} stored={isOwn ? chosen : undefined} />
          {source.kind === "generic" && <GenericFields />}
        </div>
      )}
    </Section>
  );
}

const sourceName = (source: Source, provider: string) =>
  source.name === provider ? source.name : `${source.name} (${provider})`;
