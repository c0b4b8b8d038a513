import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useJob } from "../../api/queries";
import { overviewQuery } from "../../shared/jobs/overview";
import { ButtonLink } from "../../shared/ui/links";
import { Empty, Failed, LoadingRows } from "../../shared/ui/States";
import { JobView } from "./JobView";

/** One sync job: how it is, what it did, how it is set up. */
export function JobPage() {
  const { jobId = "" } = useParams({ strict: false });
  const { data: job, error, isPending, isLoadingError, refetch } = useJob(jobId);
  const { data: failedLastHour = 0 } = useQuery({
    ...overviewQuery,
    select: (jobs) => jobs.find((entry) => entry.jobId === jobId)?.failedLastHour,
  });
  if (isPending) return <LoadingRows />;
  if (isLoadingError)
    return <Failed title="The sync job could not be read" error={error} onRetry={() => void refetch()} />;
  if (!job) {
    return (
      <Empty
        title="There is no such sync job"
        action={
          <ButtonLink to="/transfers" variant="default">
            Show all sync jobs
          </ButtonLink>
        }
      >
        It may have been deleted.
      </Empty>
    );
  }
  return <JobView key={job.id} job={job} failedLastHour={failedLastHour} />;
}
