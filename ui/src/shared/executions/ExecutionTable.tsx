/** Executions as a table of any length, newest first. */

import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconArrowUp, IconChevronDown, IconChevronUp, IconListDetails } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { describeError } from "../../api/client";
import type { Execution } from "../../api/schema";
import { formatCount, formatDuration } from "../format/numbers";
import { formatAbsolute, hasDayPeriods } from "../format/times";
import { useNow } from "../state/now";
import { CopyButton } from "../ui/CopyButton";
import { ActionIconLink } from "../ui/links";
import { Empty, Failed, LoadingRows } from "../ui/States";
import { Status } from "../ui/Status";
import { type TableColumn, type TableHandle, VirtualTable } from "../ui/VirtualTable";
import classes from "./ExecutionTable.module.css";
import { eventsAround, executionResult, executionTime } from "./executionWords";
import type { ExecutionFilter } from "./queries";
import { useExecutions } from "./useExecutions";

interface ExecutionTableProps {
  filter: ExecutionFilter;
  /** Names of the jobs; absent where all rows are of one job. */
  nameOf?: (jobId: string) => string | undefined;
  /** To be shown when there is none at all. */
  empty: { title: string; text: string };
  onShowAll: () => void;
}

export function ExecutionTable({ filter, nameOf, empty, onShowAll }: ExecutionTableProps) {
  const [atTop, setAtTop] = useState(true);
  const [selected, setSelected] = useState<string>();
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const table = useRef<TableHandle>(null);
  const { data, error, isPending, refetch, ...live } = useExecutions(filter, atTop);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = live;
  const items = useMemo(() => data?.pages.flatMap((page) => page.executions) ?? [], [data]);
  const now = useNow();
  const nextPage = useCallback(() => {
    // One that failed is asked for again by a person, not by every movement of the list.
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const columns = useMemo(() => columnsOf(now, nameOf, opened), [now, nameOf, opened]);

  if (isPending) return <LoadingRows />;
  if (!data)
    return <Failed title="The executions could not be read" error={error} onRetry={() => void refetch()} />;
  if (items.length === 0) {
    return filter.failedOnly ? (
      <Empty
        title="No execution failed"
        action={
          <Button variant="default" onClick={onShowAll}>
            Show all executions
          </Button>
        }
      >
        Every batch that is kept was applied.
      </Empty>
    ) : (
      <Empty title={empty.title}>{empty.text}</Empty>
    );
  }
  return (
    <div className={classes.frame}>
      {live.hasNew && !atTop && (
        <Button
          className={classes.fresh}
          size="compact-sm"
          leftSection={<IconArrowUp size={14} />}
          onClick={() => {
            table.current?.scrollToTop();
            live.showNewest();
          }}
        >
          New executions
        </Button>
      )}
      <VirtualTable
        ref={table}
        label="Executions, newest first"
        columns={columns}
        items={items}
        rowHeight={30}
        keyOf={(execution) => execution.id}
        selected={selected}
        onSelect={(execution) => setSelected(execution.id)}
        onOpen={(execution) => {
          if (execution.error) setOpened((before) => toggled(before, execution.id));
        }}
        detail={(execution) =>
          execution.error && opened.has(execution.id) ? <ErrorText text={execution.error} /> : undefined
        }
        onNearEnd={nextPage}
        onAtTop={setAtTop}
        rowCount={hasNextPage ? -1 : items.length + 1}
        foot={
          <div className={classes.foot} role="presentation">
            {isFetchingNextPage ? "Reading older ones…" : hasNextPage ? "" : "No older executions are kept."}
          </div>
        }
      />
      {isFetchNextPageError && (
        <div className={classes.trouble} role="alert">
          <span>Older executions could not be read: {describeError(error).message}</span>
          <Button variant="default" size="compact-xs" onClick={() => void fetchNextPage()}>
            Retry
          </Button>
        </div>
      )}
    </div>
  );
}

function ErrorText({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: selecting text of it must not close it
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div className={classes.error} onClick={(event) => event.stopPropagation()}>
      <span>{text}</span>
      <CopyButton value={text} what="error" />
    </div>
  );
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

function columnsOf(
  now: number,
  nameOf: ExecutionTableProps["nameOf"],
  opened: ReadonlySet<string>,
): TableColumn<Execution>[] {
  const number = (
    key: "events" | "completed" | "skipped" | "failed",
    header: string,
  ): TableColumn<Execution> => ({
    key,
    header,
    width: key === "completed" ? "72px" : "52px",
    end: true,
    cell: (execution) => (
      <span className={execution[key] === 0 ? classes.dim : key === "failed" ? classes.bad : undefined}>
        {formatCount(execution[key])}
      </span>
    ),
  });
  return [
    {
      key: "time",
      header: "Started",
      width: hasDayPeriods ? "166px" : "142px",
      cell: ({ startedAt }) => (
        <Tooltip label={formatAbsolute(startedAt)}>
          <time dateTime={startedAt}>{executionTime(startedAt, now)}</time>
        </Tooltip>
      ),
    },
    ...(nameOf ? [jobColumn(nameOf)] : []),
    number("events", "Events"),
    number("completed", "Completed"),
    number("skipped", "Skipped"),
    number("failed", "Failed"),
    {
      key: "duration",
      header: "Duration",
      width: "60px",
      end: true,
      cell: ({ durationMs }) => formatDuration(durationMs),
    },
    {
      key: "result",
      header: "Result",
      width: "minmax(110px, 2fr)",
      cell: (execution) => <Result execution={execution} />,
    },
    {
      key: "actions",
      header: "Actions",
      hideHeader: true,
      width: "52px",
      end: true,
      cell: (execution) => <RowActions execution={execution} open={opened.has(execution.id)} />,
    },
  ];
}

const jobColumn = (nameOf: (jobId: string) => string | undefined): TableColumn<Execution> => ({
  key: "job",
  header: "Job",
  width: "minmax(96px, 1.3fr)",
  cell: ({ jobId }) => (
    <Link
      className={classes.job}
      to="/transfers/$jobId"
      params={{ jobId }}
      onClick={(event) => event.stopPropagation()}
    >
      {nameOf(jobId) ?? "A deleted job"}
    </Link>
  ),
});

function Result({ execution }: { execution: Execution }) {
  const { tone, word, sentence } = executionResult(execution);
  return (
    <span className={classes.result}>
      <Status tone={tone}>{word}</Status>
      <span className={classes.sentence} title={sentence}>
        {sentence}
      </span>
    </span>
  );
}

function RowActions({ execution, open }: { execution: Execution; open: boolean }) {
  const { jobId, error } = execution;
  return (
    <>
      {error && (
        // The row itself opens on a click; this is the same for the keyboard and for screen readers.
        <ActionIcon
          size={24}
          aria-label={open ? "Hide the error" : "Show the whole error"}
          aria-expanded={open}
        >
          {open ? <IconChevronUp size={14} /> : <IconChevronDown size={14} />}
        </ActionIcon>
      )}
      <Tooltip label="Show events around this time">
        <ActionIconLink
          size={24}
          to="/events"
          search={{ job: jobId, ...eventsAround(execution) }}
          aria-label="Show events around this time"
          onClick={(event: React.MouseEvent) => event.stopPropagation()}
        >
          <IconListDetails size={14} />
        </ActionIconLink>
      </Tooltip>
    </>
  );
}
