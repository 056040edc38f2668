"""A project of many rules that look like people's own: five kinds, each rule with its own name, paths, texts and templates.

    python benchmarks/rule_set.py FOLDER [--rules 10000]

A rule has four to six tests, two steps, a retry and two variables. The same count gives the same file wherever it is written.
"""

import argparse
import random
import sys
from pathlib import Path

SEED = 7
CONFIGURATION = """\
server: {listen: 127.0.0.1:%(port)d}
console: {listen: 127.0.0.1:%(console)d, token: {env: BENCH_TOKEN}}
rules: rules/
sources:
  github: {provider: github, secret: {env: BENCH_SECRET}}
  billing: {provider: stripe, secret: {env: BENCH_SECRET}}
  sensors:
    verify: {hmac: sha256, header: X-Signature, secret: {env: BENCH_SECRET}}
    delivery_id: header.X-Request-Id
    type: $.kind
forges: {github: {kind: github, token: {env: BENCH_SECRET}}}
smtp: {default: {host: localhost, port: 25, from: hooks@example.com}}
"""
ENVIRONMENT = {"BENCH_TOKEN": "a token of the benchmark", "BENCH_SECRET": "a secret of the benchmark"}

_DEPLOY = """\
  - name: deploy-%(service)s
    description: Deploy %(service)s when its %(branch)s moves
    on: github.push
    when:
      - $.repository.full_name == acme/%(service)s
      - $.ref == refs/heads/%(branch)s
      - not $.deleted
      - $.commits[*].modified[*] like services/%(service)s/**
      - $.repository.custom_properties.%(field)s != frozen
    vars:
      release: "%(service)s-{{ payload.after }}"
      notes: $.head_commit.message
    retry: {attempts: %(attempts)d, delay: 5s}
    steps:
      - id: deploy
        shell: ./deploy.sh --service %(service)s --branch {{ git.branch }} --sha {{ payload.after }}
        timeout: 10m
      - http:
          method: POST
          url: https://chat.example.com/hooks/%(service)s
          json:
            text: "{{ vars.release }} is out, by {{ payload.pusher.name }}: {{ steps.deploy.stdout | trim }}"
            notes: "{{ vars.notes }}"
"""
_REVIEW = """\
  - name: review-%(service)s
    description: Check changes of %(service)s that are ready for review
    on: [github.pull_request.opened, github.pull_request.synchronize]
    when:
      all:
        - $.repository.name == %(service)s
        - $.pull_request.base.ref in [%(branch)s, release-%(number)d]
        - not $.pull_request.draft
        - any:
            - $.pull_request.labels[*].name contains 'ready-%(number)d'
            - $.pull_request.changed_files > %(amount)d
        - $.repository.custom_properties.%(field)s exists
    vars:
      change: "{{ git.repo }}#{{ payload.number }}"
      author: $.pull_request.user.login
    retry: {attempts: %(attempts)d, delay: 10s, max_delay: 2m}
    concurrency: {group: "review-%(service)s-{{ payload.number }}", mode: cancel}
    steps:
      - id: check
        shell: [./check.sh, "{{ payload.pull_request.head.sha }}", --service, %(service)s]
        timeout: 20m
        continue_on_error: true
      - status:
          forge: github
          repo: "{{ git.repo }}"
          sha: "{{ payload.pull_request.head.sha }}"
          state: "{{ 'success' if steps.check.state == 'succeeded' else 'failure' }}"
          context: checks/%(service)s
          description: "{{ vars.change }} of {{ vars.author }} in %(service)s"
"""
_TRIAGE = """\
  - name: triage-%(service)s
    description: Tell the people of %(service)s what comes in
    on: github.issues.opened
    when:
      - $.repository.full_name == 'acme/%(service)s'
      - $.issue.title matches /(?i)\\b(crash|data loss|%(service)s)\\b/
      - $.issue.author_association not in [OWNER, MEMBER]
      - count($.issue.labels[*]) < %(attempts)d
      - $.repository.custom_properties.%(field)s == watched
    vars:
      title: "[%(service)s] {{ payload.issue.title }}"
      labels: $.issue.labels[*].name
    retry: {attempts: %(attempts)d, delay: 30s}
    steps:
      - email:
          to: "%(service)s@example.com"
          subject: "{{ vars.title }}"
          text: |
            {{ payload.issue.user.login }} writes about %(service)s:

            {{ payload.issue.body | default("(nothing)") }}

            {{ payload.issue.html_url }}
      - log: "%(service)s: issue {{ payload.issue.number }} of {{ payload.issue.user.login }}"
"""
_INVOICE = """\
  - name: invoice-%(service)s
    description: Book what the customer %(service)s has paid
    on: billing.invoice.paid
    when:
      - $.data.object.customer == cus_%(field)s
      - $.livemode == true
      - $.data.object.amount_paid >= %(amount)d and $.data.object.amount_paid < %(number)d000
      - $.data.object.currency in [eur, usd, chf]
      - $.data.object.metadata.%(field)s is text
      - age($.created) < 3d or header.X-Replayed == 'yes'
    vars:
      amount: "{{ payload.data.object.amount_paid }}"
      reference: $.data.object.number
    retry: {attempts: %(attempts)d, delay: 1m}
    steps:
      - id: book
        http:
          method: POST
          url: https://books.example.com/customers/%(service)s/payments/{{ payload.data.object.id }}
          headers: {X-Reference: "{{ vars.reference }}"}
          json: {customer: %(service)s, amount: "{{ vars.amount }}", currency: "{{ payload.data.object.currency }}"}
        timeout: 30s
      - log: "{{ vars.reference }} of %(service)s is booked: {{ steps.book.status }}"
"""
_ALARM = """\
  - name: alarm-%(service)s
    description: Call out where the room of %(service)s is too warm
    on: sensors.reading
    when:
      - $.host == %(service)s
      - $.readings.%(field)s.temperature > %(amount)d
      - $.readings.%(field)s.state != maintenance
      - header.X-Site starts with 'site-%(number)d'
    vars:
      place: "%(service)s/{{ payload.readings.%(field)s.place }}"
      degrees: $.readings.%(field)s.temperature
    retry: {attempts: %(attempts)d, delay: 5s}
    throttle: {once_within: 10m, per: $.host}
    steps:
      - id: fan
        shell: ./fan.sh %(service)s {{ payload.readings.%(field)s.temperature }}
        timeout: 1m
      - http:
          method: POST
          url: https://pager.example.com/%(service)s
          json: {summary: "{{ vars.place }} has {{ vars.degrees }} degrees", exit: "{{ steps.fan.exit_code }}"}
"""
KINDS = (_DEPLOY, _REVIEW, _TRIAGE, _INVOICE, _ALARM)
_WORDS = ("amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "juniper", "kestrel", "lagoon", "maple", "olive")


def rules_text(count: int) -> str:
    choose = random.Random(SEED)
    return "rules:\n" + "\n".join(_rule(number, choose) for number in range(count))


def _rule(number: int, choose: random.Random) -> str:
    service = f"{choose.choice(_WORDS)}-{choose.choice(_WORDS)}-{number:05}"
    facts = {
        "number": 100_000 + number,
        "service": service,
        "field": service.replace("-", "_"),
        "branch": choose.choice(("main", "main", "main", "develop", "trunk")),
        "attempts": choose.randint(2, 6),
        "amount": choose.randint(10, 90),
    }
    return KINDS[number % len(KINDS)] % facts


def write_project(folder: Path, count: int, ports: tuple[int, int] = (8787, 8788)) -> Path:
    """hookrules.yaml and rules/all.yaml; gives the path of the first. Its secrets are in `ENVIRONMENT`."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "rules/all.yaml").write_text(rules_text(count))
    config = folder / "hookrules.yaml"
    config.write_text(CONFIGURATION % {"port": ports[0], "console": ports[1]})
    return config


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rules", type=int, default=10_000)
    given = parser.parse_args()
    print(write_project(given.folder, given.rules))
    return 0


if __name__ == "__main__":
    sys.exit(main())
