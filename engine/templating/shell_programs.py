"""Programs that run what they are given: where among their words the program stands, or the code.

The name of a part of a program has its words: `docker exec`, `git submodule foreach`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Runner:
    """A program that runs another: what stands before that one.

    An option that is named nowhere may take a word or none, so no value may come after it.
    """

    takes: str = ""
    """Letters of options that take a word."""
    words: str = ""
    """Long options that take a word."""
    flags: str = ""
    """Long options that take none."""
    operands: int = 0
    """How many words come before the program."""
    assigns: bool = False
    """Whether `A=1` may come before it."""
    free: bool = False
    """Whether a value may be the word of an option or an operand: it names a container, a lock, a unit."""
    code: str = ""
    """Options whose word is code or settles what runs."""
    after: str = ""
    """The word that the program follows, whatever else comes before that."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A program that runs a script: the options that change nothing, those that take a word, those that name a module."""

    flags: str
    takes: tuple[str, ...] = ()
    module: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """A program that takes any words, but for the word of some options, and for some settings (a pattern of their names)."""

    options: str = ""
    settings: str = r"(?!)"

    def follows(self, word: str) -> bool:
        """Whether code comes next."""
        cluster = re.fullmatch(r"-[A-Za-z]+", word) is not None and f"-{word[-1]}" in self.options.split()
        return cluster or word in self.options.split() or self._settles(word)

    def within(self, word: str) -> str:
        """The option or the setting that has its code in the same word, if there is one: `--rsh=…`, `-e…`, `core.pager=…`."""
        name = word.partition("=")[0]
        if name in self.options.split() or self._settles(name):
            return name
        return word[:2] if not word.startswith("--") and word[:2] in self.options.split() else ""

    def _settles(self, name: str) -> bool:
        return re.fullmatch(self.settings, name, re.IGNORECASE) is not None


_COMPOSE_EXEC = Runner("euw", "--env --user --workdir --index", "--detach --privileged --no-TTY --interactive --tty", 1, free=True)
_CONTAINER_EXEC = Runner(
    "euw",
    "--env --env-file --user --workdir --detach-keys --preserve-fds",
    "--detach --interactive --tty --privileged --latest --no-session",
    operands=1,
    free=True,
)
_SYSTEMD_RUN = Runner(
    "uEMHC",
    "--unit --description --slice --service-type --uid --gid --nice --working-directory --setenv --machine --host --on-active --on-boot"
    " --on-startup --on-unit-active --on-unit-inactive --on-calendar --timer-property --background --json --job-mode --capsule",
    "--user --system --scope --remain-after-exit --send-sighup --no-block --wait --pty --pty-late --pipe --quiet --collect --shell"
    " --verbose --same-dir --no-ask-password --slice-inherit --on-clock-change --on-timezone-change --ignore-failure",
    free=True,
    code="-p --property --path-property --socket-property --root-directory",
)
_UNSHARE = Runner(
    "RwSGl",
    "--root --wd --setuid --setgid --map-user --map-group --map-users --map-groups --propagation --setgroups --load-interp",
    "--mount --uts --ipc --net --pid --user --cgroup --time --fork --map-root-user --map-current-user --map-auto --keep-caps --mount-proc"
    " --kill-child",
)
_NSENTER = Runner(
    "tSGWN",
    "--target --setuid --setgid --wdns --net-socket",
    "--all --mount --uts --ipc --net --pid --cgroup --user --user-parent --time --preserve-credentials --keep-caps --root --wd --env"
    " --no-fork --follow-context --join-cgroup",
)
_FLOCK = Runner(
    "wE",
    "--timeout --wait --conflict-exit-code --start --length",
    "--shared --exclusive --unlock --nonblock --nb --close --no-fork --fcntl --verbose",
    operands=1,
    free=True,
    code="-c --command",
)
_BEHIND_DASHES = Runner(after="--")

RUNNERS: Mapping[str, Runner] = {
    "env": Runner("uC", assigns=True),
    "sudo": Runner("ugpChrtTUDR", assigns=True),
    "doas": Runner("uC"),
    "exec": Runner("a"),
    "nice": Runner("n"),
    "ionice": Runner("cnt"),
    "timeout": Runner("ks", operands=1),
    "time": Runner("fo"),
    "stdbuf": Runner("ioe"),
    "chroot": Runner(operands=1),
    **dict.fromkeys(("busybox", "toybox", "command", "builtin", "nohup", "setsid"), Runner()),
    **dict.fromkeys(("chronic", "unbuffer", "fakeroot", "caffeinate", "ifne"), Runner()),
    "flock": _FLOCK,
    "unshare": _UNSHARE,
    "nsenter": _NSENTER,
    "setpriv": Runner(
        words="--reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig --selinux-label"
        " --apparmor-profile",
        flags="--clear-groups --keep-groups --init-groups --no-new-privs --reset-env --nnp",
        free=True,
    ),
    "taskset": Runner(flags="--all-tasks --cpu-list", operands=1, free=True),
    "chrt": Runner("TPD", flags="--batch --deadline --fifo --idle --other --rr --reset-on-fork --verbose", operands=1, free=True),
    "numactl": Runner(
        "imNCpP", words="--interleave --membind --cpunodebind --physcpubind --preferred", flags="--localalloc --all", free=True
    ),
    "prlimit": Runner(free=True),
    "strace": Runner("abeEIoOpPsSuUX", free=True),
    "ltrace": Runner("aADeFlnopsuwx", free=True),
    **dict.fromkeys(("gosu", "su-exec", "setuidgid", "s6-setuidgid"), Runner(operands=1, free=True)),
    "chpst": Runner("uUbenlLmdopfcrt", free=True),
    "pkexec": Runner(words="--user", flags="--disable-internal-agent --keep-cwd", free=True),
    "sshpass": Runner("pfdP", free=True),
    "tini": Runner("pe", free=True),
    "dumb-init": Runner("r", words="--rewrite", flags="--single-child --verbose", free=True),
    "faketime": Runner("fp", operands=1, free=True),
    "systemd-run": _SYSTEMD_RUN,
    "systemd-inhibit": Runner(words="--what --who --why --mode", flags="--no-pager --no-legend", free=True),
    "cgexec": Runner("g", flags="--sticky", free=True),
    "ip netns exec": Runner(operands=1, free=True),
    "ip vrf exec": Runner(operands=1, free=True),
    "git submodule foreach": Runner(flags="--recursive --quiet"),
    "git bisect run": Runner(),
    **dict.fromkeys(("docker exec", "docker container exec"), _CONTAINER_EXEC),
    **dict.fromkeys(("podman exec", "podman container exec", "nerdctl exec"), _CONTAINER_EXEC),
    **dict.fromkeys(("docker compose exec", "docker-compose exec", "podman compose exec", "podman-compose exec"), _COMPOSE_EXEC),
    **dict.fromkeys(("kubectl exec", "oc exec", "k3s kubectl exec", "lxc exec", "incus exec", "multipass exec"), _BEHIND_DASHES),
    **dict.fromkeys(("lxc-attach", "lxc-execute", "doppler run", "op run", "aws-vault exec"), _BEHIND_DASHES),
    "entr": Runner(code="-s"),
    **dict.fromkeys(("bundle exec", "poetry run", "pipenv run"), Runner()),
    **dict.fromkeys(("pnpm exec", "pnpm dlx", "yarn exec", "yarn dlx", "pnpx", "bunx"), Runner()),
    **dict.fromkeys(("npx", "npm exec"), Runner("pw", "--package --workspace", "--yes --no --no-install --workspaces", code="-c --call")),
    **dict.fromkeys(("uvx", "pipx run"), Runner("p", "--from --with --python --spec", "--isolated --quiet --no-cache")),
    "uv run": Runner(
        "p",
        "--with --python --project --directory --extra --group --package --env-file",
        "--module --no-dev --frozen --locked --isolated --no-project --no-sync --quiet --all-extras",
        free=True,
    ),
}
_SHELL = Interpreter(r"[abefhiklmnprtuvxBCEHPTo]+|-login|-norc|-noprofile|-posix", ("-o", "+o", "-O", "+O", "--rcfile", "--init-file"))
INTERPRETERS: Mapping[str, Interpreter] = {
    **dict.fromkeys(("sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "rbash", "fish"), _SHELL),
    **dict.fromkeys(("python", "pypy"), Interpreter(r"[bBdEhiIOPqRsSuvVx]+", ("-W", "-X"), ("-m",))),
    **dict.fromkeys(("perl", "raku"), Interpreter(r"[wWTtUuSsX]+")),
    **dict.fromkeys(("ruby", "jruby"), Interpreter(r"[wWvU]+", ("-I", "-r"))),
    "node": Interpreter(r"-trace-warnings|-no-warnings", ("-r", "--require")),
    "julia": Interpreter(r"-project(=.*)?|-startup-file=.*|-color=.*"),
    **dict.fromkeys(("php", "lua", "tclsh", "expect", "osascript", "pwsh", "Rscript", "nodejs", "deno", "bun"), Interpreter(r"$^")),
    **dict.fromkeys(("luajit", "guile", "groovy", "elixir"), Interpreter(r"$^")),
}
_GIT_SETTINGS = (
    r"core\.(sshcommand|pager|editor|fsmonitor|hookspath|askpass|gitproxy)|alias\..*|pager\..*|(.*\.)?credential(\..*)?\.?helper"
    r"|diff\.(external|.*\.(textconv|command))|(merge|filter)\..*\.(driver|clean|smudge|process)|gpg\.(.*\.)?program|sequence\.editor"
    r"|(diff|merge)tool\..*\.(cmd|path)|(browser|man)\..*\.(cmd|path)|include(if\..*)?\.path|uploadpack\.packobjectshook"
    r"|remote\..*\.(uploadpack|receivepack|vcs)|submodule\..*\.update|trailer\..*\.(command|cmd)"
    r"|interactive\.difffilter|sendemail\..*cmd"
)
_GIT_OPTIONS = "--upload-pack --receive-pack --exec --exec-path --config-env --extcmd --open-files-in-pager"
_SSH_SETTINGS = "(-o)?(ProxyCommand|LocalCommand|KnownHostsCommand)"

CODES: Mapping[str, Code] = {
    "git": Code(_GIT_OPTIONS, _GIT_SETTINGS),
    "git clone": Code(f"{_GIT_OPTIONS} -u", _GIT_SETTINGS),
    **dict.fromkeys(("git rebase", "git difftool"), Code(f"{_GIT_OPTIONS} -x", _GIT_SETTINGS)),
    "git filter-branch": Code(
        "--setup --env-filter --tree-filter --index-filter --parent-filter --msg-filter --commit-filter --tag-name-filter"
    ),
    "rsync": Code("-e --rsh --rsync-path"),
    **dict.fromkeys(
        ("tar", "gtar", "bsdtar"),
        Code("--to-command --checkpoint-action -I --use-compress-program -F --info-script --new-volume-script --rsh-command --rmt-command"),
    ),
    **dict.fromkeys(("scp", "sftp"), Code("-S", _SSH_SETTINGS)),
    "sort": Code("--compress-program"),
    "split": Code("--filter"),
    "zip": Code("-TT --unzip-command"),
    "man": Code("-P --pager -H --html"),
    "rg": Code("--pre --hostname-bin"),
    **dict.fromkeys(("ncat", "nc"), Code("-e --exec -c --sh-exec --lua-exec")),
    "wget": Code("--use-askpass"),
    "tcpdump": Code("-z"),
    "nmap": Code("--script"),
    "emacs": Code("--eval -eval --execute -execute -f --funcall -funcall -l --load -load --script -script"),
    "ansible": Code("-a --args"),
    "nix-shell": Code("--run --command"),
    "start-stop-daemon": Code("-x --exec -a --startas"),
    **dict.fromkeys(("docker run", "docker create", "podman run", "podman create", "docker compose run"), Code("--entrypoint")),
    **dict.fromkeys(("gcloud compute ssh", "vagrant ssh"), Code("-c --command")),
}
FINDERS: Mapping[str, str] = {
    "find": "-exec -execdir -ok -okdir",
    **dict.fromkeys(("fd", "fdfind"), "-x --exec -X --exec-batch"),
}
"""What runs a program among its words, and the words that the program follows."""
REFUSING = """eval . source trap alias let declare typeset unset getopts fc bind complete enable coproc
awk gawk mawk nawk sed gsed make gmake m4 vim vi ex socat hyperfine"""
"""What reads any of its words as code, or does not say where among them code may stand."""
REFUSING_AND_RUNNING_INPUT = """ssh autossh rsh mosh xargs parallel watch su runuser sg script at batch crontab screen tmux ed gdb
psql mysql mariadb sqlite pdsh pssh parallel-ssh"""
READING: Mapping[str, tuple[str, ...]] = {"read": ("REPLY",), "mapfile": ("MAPFILE",), "readarray": ("MAPFILE",)}
"""What takes its input into variables, and into which ones where it names none."""
SHOWING = "echo logger : true false"
# What a shell itself reads again, with whatever variables the text of it names.
READS_AGAIN = frozenset({"eval", "trap", ".", "source", "alias"})


def _groups(names: Iterator[str]) -> frozenset[str]:
    return frozenset(name[:at] for name in names for at in range(len(name)) if name[at] == " ")


GROUPS = _groups(iter((*RUNNERS, *CODES)))
"""What has parts with names of their own: `docker`, `docker compose`."""
