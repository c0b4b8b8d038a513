import { Tooltip } from "@mantine/core";
import { useHotkeys, useMediaQuery } from "@mantine/hooks";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import type { SyncJob } from "../../api/schema";
import { formatCount, formatShare } from "../../shared/format/numbers";
import { Status } from "../../shared/ui/Status";
import { Time } from "../../shared/ui/Time";
import { type TableColumn, type TableHandle, VirtualTable } from "../../shared/ui/VirtualTable";
import { type SortColumn, type Sorting, type TransferRow, toggledSorting } from "./rows";
import { Sparkline } from "./Sparkline";
import { TransferMenu } from "./TransferMenu";
import classes from "./TransfersPage.module.css";

interface TransfersTableProps {
  rows: TransferRow[];
  sorting: Sorting;
  onSort: (sorting: Sorting) => void;
  onDelete: (job: SyncJob) => void;
}

export function TransfersTable({ rows, sorting, onSort, onDelete }: TransfersTableProps) {
  const navigate = useNavigate();
  const [selected, setSelected] = useState<string>();
  const table = useRef<TableHandle>(null);
  const narrow = useMediaQuery("(max-width: 1099px)") ?? false;
  const columns = useMemo(
    () => columnsOf(sorting, onSort, onDelete, narrow),
    [sorting, onSort, onDelete, narrow],
  );
  // From anywhere on the page, but not from behind a dialog or a menu.
  const press = (key: string) => () => {
    if (!document.querySelector('[role="dialog"], [role="menu"]')) table.current?.press(key);
  };
  // Arrows belong to whatever has the focus.
  const pressWhenFree = (key: string) => () => {
    if (document.activeElement === document.body) press(key)();
  };
  useHotkeys([
    ["j", press("j")],
    ["k", press("k")],
    ["ArrowDown", pressWhenFree("ArrowDown"), { preventDefault: false }],
    ["ArrowUp", pressWhenFree("ArrowUp"), { preventDefault: false }],
  ]);
  return (
    <VirtualTable
      ref={table}
      label="Sync jobs"
      columns={columns}
      items={rows}
      rowHeight={narrow ? 48 : 36}
      keyOf={(row) => row.job.id}
      selected={selected}
      onSelect={(row) => setSelected(row.job.id)}
      onOpen={(row) => void navigate({ to: "/transfers/$jobId", params: { jobId: row.job.id } })}
    />
  );
}

function columnsOf(
  sorting: Sorting,
  onSort: (sorting: Sorting) => void,
  onDelete: (job: SyncJob) => void,
  narrow: boolean,
): TableColumn<TransferRow>[] {
  const sort = (column: SortColumn): NonNullable<TableColumn<TransferRow>["sort"]> => ({
    direction: sorting.column === column ? (sorting.descending ? "descending" : "ascending") : undefined,
    toggle: () => onSort(toggledSorting(sorting, column)),
  });
  return [
    {
      key: "name",
      header: "Name",
      width: "minmax(110px, 1.3fr)",
      sort: sort("name"),
      cell: ({ job, source, destination }) => (
        <>
          <Link
            className={classes.name}
            to="/transfers/$jobId"
            params={{ jobId: job.id }}
            title={job.name}
            tabIndex={-1}
            onClick={(event) => event.stopPropagation()}
          >
            {job.name}
          </Link>
          {narrow && <Route source={source} destination={destination} />}
        </>
      ),
    },
    // Where there is no room for a column of its own, it stands under the name.
    ...(narrow
      ? []
      : [
          {
            key: "route",
            header: "Source → destination",
            width: "minmax(120px, 1.6fr)",
            sort: sort("route"),
            cell: ({ source, destination }: TransferRow) => (
              <Route source={source} destination={destination} />
            ),
          },
        ]),
    {
      key: "state",
      header: "State",
      width: "minmax(110px, 178px)",
      sort: sort("state"),
      cell: ({ state }) => (
        <Tooltip label={state.sentence} multiline maw={360}>
          <span>
            <Status tone={state.tone}>{state.word}</Status>
          </span>
        </Tooltip>
      ),
    },
    {
      key: "today",
      header: "Today",
      width: "64px",
      end: true,
      sort: sort("today"),
      cell: ({ figures }) =>
        figures && (
          <span className={figures.today === 0 ? classes.dim : undefined}>{formatCount(figures.today)}</span>
        ),
    },
    {
      key: "success",
      header: "Success",
      width: "72px",
      end: true,
      sort: sort("success"),
      cell: ({ figures }) => figures && <SuccessRate rate={figures.successRate} />,
    },
    {
      key: "last",
      header: "Last event",
      width: "84px",
      sort: sort("last"),
      cell: ({ figures }) =>
        figures && (
          <span className={figures.lastReceivedAt ? undefined : classes.dim}>
            <Time value={figures.lastReceivedAt} />
          </span>
        ),
    },
    {
      key: "hour",
      header: "Last hour",
      width: "minmax(80px, 120px)",
      sort: sort("hour"),
      cell: ({ figures }) =>
        figures && (
          <Sparkline
            values={figures.lastHour}
            failed={figures.failedLastHour}
            rejected={figures.rejectedLastHour}
          />
        ),
    },
    {
      key: "actions",
      header: "Actions",
      hideHeader: true,
      width: "28px",
      end: true,
      cell: ({ job }) => <TransferMenu job={job} onDelete={() => onDelete(job)} />,
    },
  ];
}

function Route({ source, destination }: { source: string; destination: string }) {
  return (
    <div className={classes.route} title={`${source} → ${destination}`}>
      <span>{source}</span>
      <i>→</i>
      <span>{destination}</span>
    </div>
  );
}

function SuccessRate({ rate }: { rate: number | null | undefined }) {
  if (typeof rate !== "number") return <span className={classes.dim}>–</span>;
  return <span className={rate < 0.95 ? classes.low : undefined}>{formatShare(rate)}</span>;
}
