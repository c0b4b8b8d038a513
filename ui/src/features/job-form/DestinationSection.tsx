import { PasswordInput, SegmentedControl, Select, Text, TextInput } from "@mantine/core";
import { api, call, WORKSPACE } from "../../api/client";
import type { Destination } from "../../api/schema";
import { plural } from "../../shared/format/numbers";
import { ConnectionTest } from "./ConnectionTest";
import { type SectionProps, useJobFormContext } from "./form";
import classes from "./JobForm.module.css";
import { Section } from "./Section";
import { checkDestination, databaseOf } from "./validate";
import { blankDestination, type DestinationKind, destinationBody, destinationValues, NEW } from "./values";

const NEW_OPTION = "new";

const KINDS: { value: DestinationKind; label: string; help: string; name: string }[] = [
  {
    value: "mongodb",
    label: "MongoDB",
    help: "Each object becomes a document in a collection of its type.",
    name: "MongoDB",
  },
  {
    value: "local",
    label: "This machine",
    help: "Documents in a file in Hookline's data directory: nothing to install, to be browsed under Documents.",
    name: "Local documents",
  },
  {
    value: "http",
    label: "HTTP forward",
    help: "Each request is sent on to your server as it came, so that its signature still verifies there. What the server answers is kept with the event.",
    name: "HTTP",
  },
];

const path = { workspaceId: WORKSPACE };

export function DestinationSection({ choices, before, usedBy }: SectionProps & { usedBy: number }) {
  const form = useJobFormContext();
  const { destinationId, destination } = form.values;
  const { destinations } = choices;
  const chosen = destinations.find(({ id }) => id === destinationId);
  const isOwn = before !== null && before.destinationId === destinationId;

  const choose = (value: string | null) => {
    const next = destinations.find(({ id }) => id === value);
    form.setFieldValue("destinationId", next?.id ?? NEW);
    form.setFieldValue(
      "destination",
      next && before?.destinationId === next.id ? destinationValues(next) : blankDestination("mongodb"),
    );
  };

  return (
    <Section title="Destination" help="Where the objects go that the events are about.">
      {destinations.length > 0 && (
        <Select
          label="Destination"
          data={[
            ...destinations.map((each) => ({ value: each.id, label: destinationName(each) })),
            { value: NEW_OPTION, label: "New destination…" },
          ]}
          value={chosen?.id ?? NEW_OPTION}
          onChange={choose}
          allowDeselect={false}
          searchable={destinations.length > 8}
          error={form.errors.destinationId}
          description={
            before && !isOwn
              ? "Holds for events applied from now on. What was synced stays where it is; replay events to have them here as well."
              : undefined
          }
        />
      )}
      {chosen && !isOwn && <ConnectionTest subject={chosen.id} run={() => checkStored(chosen.id)} />}
      {(!chosen || isOwn) && (
        <div className={destinations.length > 0 ? classes.nested : classes.fields}>
          {!chosen && <KindChoice />}
          {isOwn && usedBy > 1 && (
            <Text size="sm" c="dimmed">
              What you change here holds for {plural(usedBy, "job")} that use this destination.
            </Text>
          )}
          <Fields stored={isOwn ? chosen : undefined} />
          {destination.kind !== "local" && <Test stored={isOwn ? chosen : undefined} />}
        </div>
      )}
    </Section>
  );
}

const destinationName = ({ name, displayUrl, kind }: Destination) =>
  kind === "local" || !displayUrl || displayUrl.endsWith(name) ? name : `${name} (${displayUrl})`;

function KindChoice() {
  const form = useJobFormContext();
  const { destination } = form.values;
  const kind = KINDS.find(({ value }) => value === destination.kind);
  return (
    <div>
      <SegmentedControl
        aria-label="Kind of destination"
        data={KINDS.map(({ value, label }) => ({ value, label }))}
        value={destination.kind}
        onChange={(value) =>
          form.setFieldValue("destination", { ...destination, kind: value as DestinationKind })
        }
      />
      <Text size="xs" c="dimmed" mt={4}>
        {kind?.help}
      </Text>
    </div>
  );
}

/** The fields of the kind that is chosen. `stored` is the destination that is being changed. */
function Fields({ stored }: { stored: Destination | undefined }) {
  const form = useJobFormContext();
  const { kind, database } = form.values.destination;
  const placeholder =
    kind === "mongodb" && database !== ""
      ? `MongoDB ${database}`
      : KINDS.find(({ value }) => value === kind)?.name;
  return (
    <>
      {kind === "mongodb" && (
        <>
          <PasswordInput
            label={stored ? "Replace the connection string (optional)" : "Connection string"}
            placeholder="mongodb://127.0.0.1:27017/analytics"
            description={
              stored
                ? `Now: ${stored.displayUrl ?? "unknown"}. The stored one is never shown; leave this empty to keep it.`
                : "User name and password in it have to be percent-encoded. Kept in the secret store and never shown again."
            }
            defaultVisible={!stored}
            visibilityToggleButtonProps={{ "aria-label": "Show the connection string" }}
            autoComplete="off"
            spellCheck={false}
            {...form.getInputProps("destination.uri")}
          />
          <TextInput
            label="Database"
            placeholder={stored ? (stored.database ?? "") : "the one in the connection string"}
            autoComplete="off"
            spellCheck={false}
            {...form.getInputProps("destination.database")}
          />
        </>
      )}
      {kind === "http" && (
        <PasswordInput
          label={stored ? "Replace the URL (optional)" : "URL"}
          placeholder="http://127.0.0.1:3000/webhooks"
          description={
            stored
              ? `Now: ${stored.displayUrl ?? "unknown"}. Leave this empty to keep it.`
              : "Kept in the secret store; shown without password and query."
          }
          defaultVisible={!stored}
          visibilityToggleButtonProps={{ "aria-label": "Show the URL" }}
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps("destination.url")}
        />
      )}
      <TextInput
        label={stored ? "Destination name" : "Destination name (optional)"}
        placeholder={placeholder}
        autoComplete="off"
        {...form.getInputProps("destination.name")}
      />
    </>
  );
}

/** Tries what the fields say; of a stored destination that keeps its address, what is stored. */
function Test({ stored }: { stored: Destination | undefined }) {
  const form = useJobFormContext();
  const { destination } = form.values;
  const address = destination.kind === "http" ? destination.url : destination.uri;
  if (stored && address === "") {
    return <ConnectionTest subject={stored.id} run={() => checkStored(stored.id)} />;
  }
  const ready = () => {
    const problems = Object.entries(checkDestination(destination, false)).filter(
      ([field]) => field !== "name",
    );
    for (const [field, problem] of problems) form.setFieldError(`destination.${field}`, problem);
    return problems.length === 0;
  };
  // As the engine would save it: a new connection string that names a database goes before the stored name.
  const unchanged = stored !== undefined && destination.database === stored.database;
  const database = unchanged && databaseOf(destination.uri) !== undefined ? "" : destination.database;
  const run = () =>
    call(
      api.POST("/api/workspaces/{workspaceId}/destinations/check", {
        params: { path },
        body: destinationBody({ ...destination, database, name: "" }),
      }),
    );
  return (
    <ConnectionTest subject={JSON.stringify([destination.kind, address, database])} run={run} ready={ready} />
  );
}

const checkStored = (destinationId: string) =>
  call(
    api.POST("/api/workspaces/{workspaceId}/destinations/{destinationId}/check", {
      params: { path: { ...path, destinationId } },
    }),
  );
