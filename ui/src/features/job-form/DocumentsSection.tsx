/** What becomes of objects at the destination, and how long the events themselves are kept. */
import { Checkbox, Code, NumberInput, Radio, Stack, Text, TextInput } from "@mantine/core";
import { type SectionProps, useJobFormContext, whole } from "./form";
import { Section } from "./Section";
import { LIMITS, prefixProblem } from "./validate";
import { chosenDestinationKind, chosenKind, defaultPrefix } from "./values";

export function DocumentsSection({ choices, before }: SectionProps) {
  const form = useJobFormContext();
  const kind = chosenDestinationKind(form.values, choices.destinations);
  return (
    <>
      {kind !== "http" && (
        <Section title="Documents" help="How objects are written at the destination.">
          <Deletes />
          <Prefix kind={chosenKind(form.values, choices.sources)} isEdit={before !== null} />
        </Section>
      )}
      <Section title="Keeping" help="How long Hookline keeps the events themselves.">
        <Days
          field="retentionDays"
          label="Keep events for"
          description="Completed, skipped and rejected events that are older are deleted from Hookline. Pending, failed and pinned events stay, and so does everything at the destination."
        />
        {kind === "mongodb" && <Archive />}
      </Section>
    </>
  );
}

interface DaysProps {
  field: "retentionDays" | "archiveDays";
  label: string;
  description: string;
}

function Days({ field, label, description }: DaysProps) {
  const form = useJobFormContext();
  return (
    <NumberInput
      label={label}
      suffix=" days"
      description={description}
      inputWrapperOrder={["label", "input", "description", "error"]}
      {...LIMITS[field]}
      {...whole}
      styles={{ wrapper: { maxWidth: 320 } }}
      {...form.getInputProps(field)}
    />
  );
}

/** The history in the destination, for everybody who uses it. */
function Archive() {
  const form = useJobFormContext();
  return (
    <>
      <Checkbox
        size="xs"
        label="Archive the history in the MongoDB too"
        description={
          <>
            Each event whose outcome is known, its raw body included, goes into the collection{" "}
            <Code fz={12}>webhook_events</Code>, each batch into <Code fz={12}>job_executions</Code>, from now
            on. Whoever may read the database sees them. Rejected requests are not among them.
          </>
        }
        {...form.getInputProps("archive", { type: "checkbox" })}
      />
      {form.values.archive && (
        <Days
          field="archiveDays"
          label="Keep the archive for"
          description="MongoDB removes what is older by itself. A change counts for what is archived already, too."
        />
      )}
    </>
  );
}

function Deletes() {
  const form = useJobFormContext();
  return (
    <Radio.Group
      size="xs"
      label="When an object is deleted at the provider"
      {...form.getInputProps("deletes")}
    >
      <Stack gap="xs" mt={8}>
        <Radio
          value="hard"
          size="xs"
          label="Remove the document"
          description="It is gone from its collection. Hookline remembers the deletion for 30 days, so that a late event does not bring it back."
        />
        <Radio
          value="soft"
          size="xs"
          label="Keep the document and mark it"
          description={
            <>
              It stays as it was last, with <Code fz={12}>_sync_metadata.deleted: true</Code>. Queries have to
              leave it out themselves.
            </>
          }
        />
      </Stack>
    </Radio.Group>
  );
}

/** The type of object that the preview speaks of. Collections are named by rule, so any type serves. */
const EXAMPLES: Record<string, [type: string, collection: string]> = {
  stripe: ["customer", "customers"],
  close: ["lead", "leads"],
};

function Prefix({ kind, isEdit }: { kind: string; isEdit: boolean }) {
  const form = useJobFormContext();
  const prefix = form.values.collectionPrefix ?? defaultPrefix(kind);
  const [type, collection] = EXAMPLES[kind] ?? ["order", "orders"];
  const input = form.getInputProps("collectionPrefix");
  return (
    <div>
      <TextInput
        label="Collection prefix"
        autoComplete="off"
        spellCheck={false}
        maw={320}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        {...input}
        value={prefix}
      />
      {!input.error && prefixProblem(prefix) === null && (
        <Text size="xs" c="dimmed" mt={4}>
          An object of the type {type} goes into{" "}
          <Code fz={12} data-testid="collection-preview">
            {prefix}
            {collection}
          </Code>
          .{isEdit && " A change holds for events applied from now on; what is in the old collections stays."}
        </Text>
      )}
    </div>
  );
}
