import { Button } from "@mantine/core";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { toastSuccess } from "../../shared/state/toasts";
import { Empty, Failed, LoadingRows } from "../../shared/ui/States";
import { JobForm } from "./JobForm";
import { useChoices } from "./queries";
import { jobValues } from "./values";

export function EditJobPage() {
  const { jobId } = useParams({ strict: false });
  const navigate = useNavigate();
  const { data, error, refetch } = useChoices();
  if (error && !data) return <Failed title="The form cannot be shown" error={error} onRetry={refetch} />;
  if (!data) return <LoadingRows rows={10} />;
  const { choices, jobs } = data;
  const job = jobs.find(({ id }) => id === jobId);
  const source = choices.sources.find(({ id }) => id === job?.sourceId);
  const destination = choices.destinations.find(({ id }) => id === job?.destinationId);
  if (!job || !source || !destination) {
    return (
      <Empty
        title="There is no such sync job"
        action={
          <Button component={Link} to="/transfers" variant="default">
            Show transfers
          </Button>
        }
      >
        It may have been deleted.
      </Empty>
    );
  }
  const show = () => navigate({ to: "/transfers/$jobId", params: { jobId: job.id } });
  return (
    <JobForm
      key={job.id}
      choices={choices}
      initial={jobValues(job, source, destination)}
      jobId={job.id}
      usedBy={jobs.filter(({ destinationId }) => destinationId === destination.id).length}
      onSaved={() => {
        toastSuccess(`Saved ${job.name}`, "It holds for webhooks from now on.");
        void show();
      }}
      onCancel={() => void show()}
    />
  );
}
