"""Templates: one class a place that a value lands in, each usable as the type of a pydantic field.

A class of this package reads and checks a YAML leaf at load, says what names it reads, and is rendered when a step runs. What
comes next is one module beside these.
"""

from hookrules.engine.templating.argument import Argument
from hookrules.engine.templating.command_line import BadArgument, judged, prints_values
from hookrules.engine.templating.file_path import FileName, FilePath
from hookrules.engine.templating.filters import use_jsonpath
from hookrules.engine.templating.folder import FolderPath
from hookrules.engine.templating.git_names import CommitSha, GitRef, RepositoryName
from hookrules.engine.templating.headers import HeaderValue
from hookrules.engine.templating.html_text import HtmlTemplate
from hookrules.engine.templating.mailboxes import Mailbox, MailboxTemplate
from hookrules.engine.templating.names import KNOWN, Reference
from hookrules.engine.templating.parsing import Use
from hookrules.engine.templating.shell import ShellCommand, ShellText
from hookrules.engine.templating.sql import SqlScript, SqlText, bindable
from hookrules.engine.templating.subjects import ChannelName, KafkaTopic, RoutingKey, TopicName
from hookrules.engine.templating.text import FormValue, QueryValue, TextTemplate
from hookrules.engine.templating.url import UrlTemplate
from hookrules.engine.templating.value import JsonTemplate, Leftover, ValueTemplate

__all__ = [
    "KNOWN",
    "Argument",
    "BadArgument",
    "ChannelName",
    "CommitSha",
    "FileName",
    "FilePath",
    "FolderPath",
    "FormValue",
    "GitRef",
    "HeaderValue",
    "HtmlTemplate",
    "JsonTemplate",
    "KafkaTopic",
    "Leftover",
    "Mailbox",
    "MailboxTemplate",
    "QueryValue",
    "Reference",
    "RepositoryName",
    "RoutingKey",
    "ShellCommand",
    "ShellText",
    "SqlScript",
    "SqlText",
    "TextTemplate",
    "TopicName",
    "UrlTemplate",
    "Use",
    "ValueTemplate",
    "bindable",
    "judged",
    "prints_values",
    "use_jsonpath",
]
