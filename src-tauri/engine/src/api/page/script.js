"use strict";
(() => {
  const REFRESH_MS = 5000;
  const message = document.getElementById("message");
  const facts = document.getElementById("facts");
  const table = document.getElementById("jobs");
  const token = new URLSearchParams(location.hash.slice(1)).get("token");

  const element = (name, text) => {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  };
  const mebibytes = (bytes) => `${(bytes / 1048576).toFixed(1)} MiB`;
  const delivery = (state) =>
    ({
      running: state.inFlight > 0 ? `applying ${state.inFlight}` : "running",
      waitingForDestination: `waiting for its destination: ${state.error}`,
      blocked: `blocked: ${state.error}`,
      paused: "paused",
    })[state.state] ?? state.state;

  const show = (status) => {
    const rows = [
      ["Version", status.version],
      ["Receiver", `${status.receiver.url} (${status.receiver.listening ? "listening" : "not listening"})`],
      ["Public address", status.tunnel.publicUrl ?? "none: only this machine can send"],
      ["Database", `${status.storage.path} (${mebibytes(status.storage.databaseBytes)})`],
      ["Secrets", status.storage.secrets],
    ];
    facts.replaceChildren(...rows.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
    table.hidden = status.worker.jobs.length === 0;
    table.tBodies[0].replaceChildren(
      ...status.worker.jobs.map((job) => {
        const row = document.createElement("tr");
        row.append(...[job.name, delivery(job.delivery), job.pending, job.failed].map((cell) => element("td", cell)));
        return row;
      }),
    );
    message.textContent = "";
  };

  const read = async () => {
    try {
      const response = await fetch("/api/status", { headers: { Authorization: `Bearer ${token}` } });
      const body = await response.json();
      if (response.ok) {
        show(body);
      } else {
        message.textContent = body.error.message;
      }
    } catch {
      message.textContent = "Hookline does not answer any more.";
    }
  };

  if (token) {
    read();
    setInterval(read, REFRESH_MS);
  } else {
    message.textContent = "Open the address that `hookline serve` printed (with #token=… at its end) to see the status.";
  }
})();
