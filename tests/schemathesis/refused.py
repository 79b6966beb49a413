"""What callers without a key get: nothing, whatever they ask."""

import schemathesis

# Probes; and the figures, for collectors of the same machine.
OPEN = {"/livez", "/readyz", "/metrics"}


@schemathesis.check
def only_refused(ctx, response, case):
    if case.operation.path in OPEN:
        return
    assert response.status_code in (401, 403), f"answers {response.status_code} without a key"
    kind = response.headers.get("content-type") or [""]
    assert kind[0].startswith("application/problem+json"), f"refuses as {kind[0]}"
