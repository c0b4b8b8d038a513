import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { providerOf } from "../../shared/provider/providers";
import { Failed, LoadingRows } from "../../shared/ui/States";
import { JobForm } from "./JobForm";
import { useChoices } from "./queries";
import { newJobValues } from "./values";

export function NewJobPage() {
  const { provider } = useSearch({ strict: false });
  const navigate = useNavigate();
  const { history } = useRouter();
  const { data, error, refetch } = useChoices();
  if (error && !data) return <Failed title="The form cannot be shown" error={error} onRetry={refetch} />;
  if (!data) return <LoadingRows rows={10} />;
  const { choices } = data;
  // An address can name a provider that there is not.
  const kind = provider && providerOf(choices.providers, provider) ? provider : undefined;
  return (
    <JobForm
      key={kind ?? ""}
      choices={choices}
      initial={newJobValues(choices, kind)}
      onSaved={(jobId) => void navigate({ to: "/transfers/$jobId/setup", params: { jobId }, replace: true })}
      onCancel={() => (history.canGoBack() ? history.back() : void navigate({ to: "/transfers" }))}
    />
  );
}
