"""The catalogue of findings. A code is stable: it stays with its meaning over releases, and a retired one is not given again.

HR1xx YAML, keys and values · HR2xx conditions · HR3xx actions and templates · HR4xx settings, sources and secrets · HR5xx across files
HR6xx rule tests
"""

import enum
from typing import Self


class Code(enum.StrEnum):
    """A code, and in `about` what all of its findings have in common."""

    about: str

    def __new__(cls, code: str, about: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.about = about
        return member

    UNKNOWN_KEY = "HR101", "a key that has no meaning here"
    DUPLICATE_KEY = "HR102", "a key twice in one mapping"
    MISSING_KEY = "HR103", "a key that has to be there"
    WRONG_VALUE = "HR104", "a value that does not fit its key"
    NOT_IN_THIS_VERSION = "HR105", "part of the language, not of this version"
    YAML_SYNTAX = "HR106", "text that is not YAML"
    UNREADABLE_FILE = "HR107", "a file that can't be read"
    NOT_TEXT = "HR108", "bytes that are not UTF-8, or characters that YAML forbids"
    SEVERAL_DOCUMENTS = "HR109", "more than one YAML document in a file"
    TAG = "HR110", "a YAML tag"
    MERGE_KEY = "HR111", "a YAML merge key"
    ALIAS = "HR112", "an alias or anchor that can't be used"
    TAB = "HR113", "a tab in the indentation"
    NO_SPACE_AFTER_COLON = "HR114", "a colon without the space that makes it YAML's"
    CUT_BY_COMMENT = "HR115", "a text that ends early, at ` #`"
    BECAME_A_MAPPING = "HR116", "a condition that YAML reads as a mapping"
    UNQUOTED_TEMPLATE = "HR117", "a value that begins with `{{` and is not quoted"
    SPECIAL_START = "HR118", "an unquoted value that begins with a character of YAML's own"
    NUMBER_CHANGES = "HR119", "a number that is not sent as it is written"
    BAD_NAME = "HR120", "a name that is not [a-z0-9][a-z0-9_-]*"
    TOO_DEEP = "HR121", "more nesting than is allowed"
    NOT_A_JSON_NUMBER = "HR122", "a number that JSON can't carry"
    IGNORE = "HR123", "an `ignore` that silences nothing"

    CONDITION = "HR201", "a condition that can't be read"
    UNKNOWN_STEP_IN_CONDITION = "HR202", "a condition on a step that is not there, or not yet"
    NEVER_TRUE = "HR203", "a condition that can never be true"
    NEVER_FALSE = "HR204", "a condition that is never false"
    UNKNOWN_PATH = "HR210", "a path that none of the rule's events has"
    UNLIKE_KINDS = "HR211", "a test of a value that is never of the kind it takes"
    NO_SUCH_VALUE = "HR212", "a text that the value is never equal to"

    ACTION_COUNT = "HR301", "a step without exactly one action"
    UNKNOWN_ACTION = "HR302", "an action of no known kind"
    TEMPLATE = "HR303", "a template that can't be used"
    UNKNOWN_STEP = "HR304", "a template names a step that is not there, or not yet"
    UNKNOWN_SECRET = "HR305", "a template names a secret that hookrules.yaml does not have"
    UNKNOWN_VARIABLE = "HR306", "a template names a variable that the rule does not have"
    RAW = "HR307", "a value that is not made safe for its place"
    DUPLICATE_STEP = "HR308", "two steps of one rule with the same id"
    NO_STEPS = "HR309", "a rule that does nothing"
    UNKNOWN_PATH_IN_TEMPLATE = "HR310", "a template reads what none of the rule's events has"
    UNSAFE_PLACE = "HR311", "a value where nothing can make it safe"
    UNKNOWN_SERVICE = "HR312", "an action names what hookrules.yaml does not have"
    DATABASE_DRIVER = "HR313", "a database that nothing installed can speak to"
    NOT_INSTALLED = "HR314", "an action whose library is not installed"
    NOT_ON_THIS_MACHINE = "HR317", "an action needs what this machine does not have"
    UNUSABLE_PACKAGE = "HR318", "an action of another package that can't be used"
    OUT_OF_REACH = "HR319", "a request to an address that it may not reach"
    NOT_KNOWN_HERE = "HR320", "a name that is not known where it stands"

    UNPROVEN_SOURCE = "HR401", "a source that takes deliveries from anyone"
    UNPROVEN_SHELL = "HR402", "a command that anyone may start"
    NO_PROOF = "HR403", "a source that does not say how its deliveries are proven"
    UNKNOWN_PROVIDER = "HR404", "a provider of no known name"
    PROOF_CONFLICT = "HR405", "a source whose keys contradict each other"
    NO_DELIVERY_ID = "HR406", "a source whose repeated deliveries can't be told"
    SECRET_MISSING = "HR407", "a secret that is not there, or empty"
    SECRET_SHORT = "HR408", "a secret too short to be masked in output"
    SECRET_LITERAL = "HR409", "a secret written into the file"
    RESERVED_NAME = "HR410", "a name that the engine keeps for itself"
    SCHEDULE = "HR411", "a schedule that can't be worked out"
    NO_RULES = "HR412", "no place to read rules from"
    SECRET_MALFORMED = "HR413", "a secret or key that is not of the form that it has to have"
    UNKNOWN_PROOF = "HR414", "a `verify` that names no proof, or two"
    NO_ADDRESS = "HR415", "an `allow_from` that is no address"
    GUESSED_URL = "HR416", "a signed URL that the configuration does not say"
    CERTIFICATE = "HR420", "a certificate or key that the server can't use"
    SERVER_CONFLICT = "HR421", "a key of `server` that is missing, or in the way, for what another one asks"

    DUPLICATE_RULE = "HR501", "two rules of one name"
    UNKNOWN_SOURCE = "HR502", "a rule on a source that hookrules.yaml does not have"
    UNKNOWN_SCHEDULE = "HR503", "a rule on a schedule that hookrules.yaml does not have"
    UNKNOWN_RULE = "HR504", "a rule on the end of a rule that is not there"
    EVENT_PATTERN = "HR505", "an event pattern that can't match"
    UNKNOWN_EVENT = "HR506", "an event type that its source is not known to send"
    SHADOWED = "HR507", "an `otherwise` rule that never fires"
    SEVERAL_ANSWERS = "HR508", "two rules that may answer the same event"

    UNKNOWN_IN_TEST = "HR601", "a test that names what is not there"
    TEST_PAYLOAD = "HR602", "the payload of a test, where it can't be used"
