/** What is shown: words, chips, how the list follows, which columns. */
import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { IconColumns3, IconKeyboard, IconPlayerPauseFilled, IconPlayerPlayFilled } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type Ref, useMemo } from "react";
import { useConnected } from "../../../api/live";
import { providersQuery, sourcesQuery } from "../../../api/queries";
import type { SyncJob } from "../../../api/schema";
import { EVENT_STATUSES, type EventStatus, STATUS_WORDS, statusTone } from "../../../shared/eventStatus";
import { setPreference, usePreference } from "../../../shared/state/preferences";
import { Status } from "../../../shared/ui/Status";
import { COLUMNS } from "../columns";
import { type EventSearch, isFiltered, toggled } from "../search";
import { FilterChip, SetChip } from "./FilterChip";
import classes from "./Filters.module.css";
import { OptionList } from "./OptionList";
import { SearchField } from "./SearchField";
import { TimeFilter } from "./TimeFilter";
import { typeOptions } from "./types";

export type SearchPatch = { [Key in keyof EventSearch]?: EventSearch[Key] | undefined };

interface FilterBarProps {
  searchField: Ref<HTMLInputElement>;
  search: EventSearch;
  jobs: readonly SyncJob[];
  paused: boolean;
  onChange: (patch: SearchPatch) => void;
  onClear: () => void;
  /** The list is to have the focus. */
  onLeave: () => void;
  onPause: () => void;
  onHelp: () => void;
}

const NO_STATUSES: readonly EventStatus[] = [];

const STATUS_OPTIONS = EVENT_STATUSES.map((status) => ({
  value: status,
  label: STATUS_WORDS[status],
  icon: (
    <Status tone={statusTone(status)} compact>
      {""}
    </Status>
  ),
}));

export function FilterBar(props: FilterBarProps) {
  const { search, jobs, onChange } = props;
  const statuses = search.status ?? NO_STATUSES;
  const jobOptions = useMemo(() => jobs.map(({ id, name }) => ({ value: id, label: name })), [jobs]);
  const jobWords = search.job && (jobs.find((job) => job.id === search.job)?.name ?? search.job);
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is younger than the oldest WebKit that shows this page
    <div role="search" className={classes.bar} aria-label="Filters of the event list">
      <SearchField
        ref={props.searchField}
        value={search.q ?? ""}
        onChange={(q) => onChange({ q: q || undefined })}
        onLeave={props.onLeave}
      />
      <FilterChip
        name="Status"
        value={statuses.length > 0 ? statuses.map((status) => STATUS_WORDS[status]).join(", ") : undefined}
        onRemove={() => onChange({ status: undefined })}
      >
        {() => (
          <OptionList
            what="Status"
            placeholder="Status"
            options={STATUS_OPTIONS}
            selected={statuses}
            onPick={(value) => onChange({ status: toggled(search.status, value as EventStatus) })}
          />
        )}
      </FilterChip>
      <FilterChip
        name="Type"
        value={search.type?.join(", ")}
        onRemove={() => onChange({ type: undefined })}
        width={320}
      >
        {() => <TypeList search={search} jobs={jobs} onChange={onChange} />}
      </FilterChip>
      {(jobs.length > 1 || search.job) && (
        <FilterChip
          name="Job"
          value={jobWords || undefined}
          onRemove={() => onChange({ job: undefined })}
          width={300}
        >
          {(close) => (
            <OptionList
              what="Job"
              placeholder="Name of the job"
              options={jobOptions}
              selected={search.job ? [search.job] : []}
              onPick={(job) => {
                onChange({ job: job === search.job ? undefined : job });
                close();
              }}
            />
          )}
        </FilterChip>
      )}
      <TimeFilter search={search} onChange={onChange} />
      {search.object && (
        <SetChip
          name="Object"
          value={search.object}
          onRemove={() => {
            onChange({ object: undefined });
            props.onLeave();
          }}
        />
      )}
      {isFiltered(search) && (
        <Button
          variant="subtle"
          size="compact-sm"
          fz="xs"
          onClick={() => {
            props.onClear();
            props.onLeave();
          }}
        >
          Clear filters
        </Button>
      )}
      <div className={classes.end}>
        {search.order !== "asc" && <Live paused={props.paused} onPause={props.onPause} />}
        <ColumnMenu />
        <Tooltip label="Keys (?)">
          <ActionIcon aria-label="Show the keys" onClick={props.onHelp}>
            <IconKeyboard size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
    </div>
  );
}

function TypeList({ search, jobs, onChange }: Pick<FilterBarProps, "search" | "jobs" | "onChange">) {
  const { data: sources } = useQuery(sourcesQuery);
  const { data: providers } = useQuery(providersQuery);
  const options = useMemo(
    () => typeOptions(jobs, sources ?? [], providers ?? [], search.type ?? []),
    [jobs, sources, providers, search.type],
  );
  return (
    <OptionList
      what="Event type"
      placeholder="Type, or a pattern such as customer.*"
      options={options}
      selected={search.type ?? []}
      onPick={(value) => onChange({ type: toggled(search.type, value) })}
      free
    />
  );
}

function Live({ paused, onPause }: { paused: boolean; onPause: () => void }) {
  const connected = useConnected();
  const [tone, word] = !connected
    ? (["bad", "Not connected"] as const)
    : paused
      ? (["idle", "Paused"] as const)
      : (["ok", "Live"] as const);
  return (
    <>
      <Status tone={tone}>{word}</Status>
      <Tooltip label={paused ? "Show new events again (p)" : "Keep the list as it is (p)"}>
        <Button
          variant="default"
          size="compact-sm"
          fz="xs"
          onClick={onPause}
          leftSection={paused ? <IconPlayerPlayFilled size={12} /> : <IconPlayerPauseFilled size={12} />}
        >
          {paused ? "Resume" : "Pause"}
        </Button>
      </Tooltip>
    </>
  );
}

function ColumnMenu() {
  const hidden = usePreference("hiddenEventColumns");
  return (
    <Menu
      position="bottom-end"
      closeOnItemClick={false}
      withinPortal={false}
      withInitialFocusPlaceholder={false}
    >
      <Menu.Target>
        <ActionIcon aria-label="Choose columns" title="Columns">
          <IconColumns3 size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Columns</Menu.Label>
        {COLUMNS.filter((column) => !column.always).map(({ id, label }) => (
          <Menu.CheckboxItem
            key={id}
            checked={!hidden.includes(id)}
            onChange={() => setPreference("hiddenEventColumns", toggled(hidden, id) ?? [])}
          >
            {label}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
