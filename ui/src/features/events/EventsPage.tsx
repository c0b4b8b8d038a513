/** Every event of all jobs or one: the list, its filters, the open event beside it, and what is done with many. */
import { Button, Text } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { describeError } from "../../api/client";
import { jobsQuery } from "../../api/queries";
import type { Event, SyncJob } from "../../api/schema";
import { formatCount } from "../../shared/format/numbers";
import { usePreference } from "../../shared/state/preferences";
import { Contained } from "../../shared/ui/Contained";
import { Page } from "../../shared/ui/Page";
import { Failed, LoadingRows } from "../../shared/ui/States";
import { withoutEmpty } from "../../shared/withoutEmpty";
import { BulkBar } from "./BulkBar";
import { BulkDialog, type BulkTask } from "./BulkDialog";
import { EmptyEvents } from "./EmptyEvents";
import { EventList, type ListHandle } from "./EventList";
import classes from "./EventsPage.module.css";
import { MOST_WAITING } from "./feed";
import { FilterBar, type SearchPatch } from "./filters/FilterBar";
import { KeysDialog } from "./KeysDialog";
import { useEventKeys } from "./keyboard";
import { PaneSplit } from "./PaneSplit";
import { loadedRows } from "./pages";
import { RowMenu } from "./RowMenu";
import { mostRows } from "./rowWindow";
import { type EventSearch, isFiltered, parseEventSearch, readOpen, withoutFilters } from "./search";
import { clearSelection, refreshSelected, useSelection } from "./selection";
import { useCommands } from "./useCommands";
import { useCursor } from "./useCursor";
import { useEventFeed } from "./useEventFeed";
import { usePaletteActions } from "./usePaletteActions";

const EventDetailPane = lazy(() =>
  import("../event/EventDetailPane").then((module) => ({ default: module.EventDetailPane })),
);

const NO_JOBS: SyncJob[] = [];

export function EventsPage() {
  const { search, change, setOpen } = useEventSearch();
  const jobsRead = useQuery(jobsQuery);
  const jobs = jobsRead.data ?? NO_JOBS;
  const hiddenColumns = usePreference("hiddenEventColumns");
  const selected = useSelection();
  const [paused, setPaused] = useState(false);
  const [atTop, setAtTop] = useState(true);
  const [task, setTask] = useState<BulkTask>();
  const [helping, setHelping] = useState(false);
  const [pointed, setPointed] = useState<Event>();
  const [limit] = useState(mostRows);
  const list = useRef<ListHandle>(null);
  const listRoom = useRef<HTMLDivElement>(null);
  const pane = useRef<HTMLDivElement>(null);
  const searchField = useRef<HTMLInputElement>(null);

  const open = readOpen(search.open);
  // Who reads an event does not want the list to move: new ones are counted then.
  const follows = atTop && !paused && !open;
  const shown = useEventFeed(search, follows, limit);
  const { feed, state } = shown;
  const { chain } = state;
  const cursor = useCursor(chain, list, open?.eventId);

  const onView = useCallback(
    (first: number, last: number, top: boolean) => {
      feed.show(first, last);
      setAtTop(top);
    },
    [feed],
  );
  useEffect(() => refreshSelected(loadedRows(chain)), [chain]);

  const jobNames = useMemo(() => new Map(jobs.map((job) => [job.id, job.name])), [jobs]);
  const jobName = useCallback((jobId: string) => jobNames.get(jobId) ?? "deleted job", [jobNames]);
  const clear = useCallback(() => change(withoutFilters(search), "all"), [change, search]);
  // Where there is no list to have the focus, what stands in its place has it.
  const toList = () => (list.current ?? listRoom.current)?.focus();
  const showWaiting = useCallback(() => {
    feed.showWaiting();
    list.current?.toTop();
    list.current?.focus();
  }, [feed]);

  const commands = useCommands({
    cursor,
    chain,
    list,
    pane,
    searchField,
    openId: open?.eventId,
    setOpen,
    setTask,
    showHelp: () => setHelping(true),
    pause: () => setPaused((before) => !before),
    waiting: state.waiting,
    showWaiting,
  });
  const selectMatching = () => setTask({ kind: "collect", filter: shown.filter });
  useEventKeys(commands.run);
  usePaletteActions({
    paused,
    selection: selected,
    filtered: isFiltered(search),
    run: commands.run,
    clear,
    showFailed: () => change({ status: ["failed"] }),
    exportSelected: () => setTask({ kind: "export", events: [...selected.values()] }),
    selectMatching,
  });

  const { job: _job, ...withoutJob } = search;
  const isEmpty = chain.total === 0 && chain.next === null && !shown.outdated;
  return (
    <Page
      fill
      toolbar={
        <FilterBar
          searchField={searchField}
          search={search}
          jobs={jobs}
          paused={paused}
          onChange={change}
          onClear={clear}
          onLeave={toList}
          onPause={() => setPaused(!paused)}
          onHelp={() => setHelping(true)}
        />
      }
    >
      <PaneSplit
        listRef={listRoom}
        paneRef={pane}
        list={
          <>
            {state.error !== undefined && chain.next === undefined ? (
              <Failed title="The events could not be read" error={state.error} onRetry={() => feed.retry()} />
            ) : isEmpty && jobsRead.isPending ? (
              <LoadingRows />
            ) : isEmpty && !jobsRead.data ? (
              <Failed
                title="The sync jobs could not be read"
                error={jobsRead.error}
                onRetry={() => void jobsRead.refetch()}
              />
            ) : isEmpty ? (
              <EmptyEvents
                jobs={jobs}
                jobId={search.job}
                filtered={isFiltered(withoutJob)}
                onClear={() => {
                  clear();
                  toList();
                }}
              />
            ) : (
              <RowMenu
                event={pointed}
                selectedCount={selected.size}
                onFilter={change}
                onCommand={(command) => {
                  cursor.set(pointed);
                  commands.runAt(command, pointed);
                }}
              >
                <EventList
                  ref={list}
                  state={state}
                  outdated={shown.outdated}
                  limit={limit}
                  listKey={shown.key}
                  initialRow={shown.initialRow}
                  hiddenColumns={hiddenColumns}
                  cursorId={cursor.id}
                  openId={open?.eventId}
                  selection={selected}
                  jobName={jobName}
                  onView={onView}
                  onRowClick={commands.click}
                  onContext={setPointed}
                  onSort={() => change({ order: search.order === "asc" ? undefined : "asc" })}
                >
                  {state.waiting > 0 && (
                    <Button
                      className={classes.pill}
                      size="compact-sm"
                      fz="xs"
                      radius="xl"
                      leftSection={<IconArrowUp size={12} />}
                      onClick={showWaiting}
                    >
                      {state.waiting >= MOST_WAITING
                        ? `${formatCount(MOST_WAITING)}+ new`
                        : `${formatCount(state.waiting)} new`}
                    </Button>
                  )}
                </EventList>
              </RowMenu>
            )}
            {state.error !== undefined && chain.next !== undefined && (
              <Trouble error={state.error} onRetry={() => feed.retry()} />
            )}
            {selected.size > 0 && (
              <BulkBar
                selection={selected}
                onTask={setTask}
                onSelectAll={selectMatching}
                onClear={() => {
                  clearSelection();
                  toList();
                }}
              />
            )}
          </>
        }
        pane={
          open && (
            <Contained what="event" {...(search.open ? { resetKey: search.open } : {})}>
              <Suspense fallback={<LoadingRows />}>
                <EventDetailPane
                  jobId={open.jobId}
                  eventId={open.eventId}
                  onClose={() => {
                    setOpen(undefined);
                    list.current?.focus();
                  }}
                  onNavigate={(jobId, id) => setOpen({ jobId, id })}
                />
              </Suspense>
            </Contained>
          )
        }
      />
      {task && (
        <BulkDialog
          key={task.kind}
          task={task}
          onClose={() => {
            setTask(undefined);
            toList();
          }}
        />
      )}
      <KeysDialog opened={helping} onClose={() => setHelping(false)} />
    </Page>
  );
}

/** What went wrong while there are rows to look at. */
function Trouble({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { message, hint } = describeError(error);
  return (
    <div className={classes.trouble} role="alert">
      <Text size="sm" flex={1}>
        The list is not up to date: {message} {hint}
      </Text>
      <Button variant="default" size="compact-sm" fz="xs" onClick={onRetry}>
        Retry
      </Button>
    </div>
  );
}

/** What the address says, and how to change it. */
function useEventSearch() {
  const raw = useSearch({ strict: false }) as Record<string, unknown>;
  const key = JSON.stringify(raw);
  const search = useMemo<EventSearch>(() => parseEventSearch(JSON.parse(key)), [key]);
  const navigate = useNavigate();
  const latest = useRef(search);
  latest.current = search;

  const change = useCallback(
    (patch: SearchPatch, what: "patch" | "all" = "patch") => {
      const before = latest.current;
      const next = withoutEmpty<EventSearch>(what === "all" ? patch : { ...before, ...patch });
      latest.current = next;
      // Typing is one step back, not one for every letter; and what was there before the first letter is that step.
      const isTyping = "q" in patch && before.q !== undefined && next.q !== undefined;
      void navigate({ to: "/events", search: next, replace: isTyping });
    },
    [navigate],
  );
  const setOpen = useCallback(
    (event: Pick<Event, "jobId" | "id"> | undefined) => {
      const open = event && `${event.jobId}/${event.id}`;
      const { open: before, ...rest } = latest.current;
      if (open === before) return;
      const next = withoutEmpty<EventSearch>({ ...rest, open });
      latest.current = next;
      // Walking through events with j and k is one step back.
      void navigate({ to: "/events", search: next, replace: before !== undefined });
    },
    [navigate],
  );
  return { search, change, setOpen };
}
