"""What is said of a name that there is not."""

from hookrules.engine.cli.names import meant


def test_the_nearest_name_is_meant_and_else_a_few_are_listed() -> None:
    assert meant("deploi", ["tell", "deploy"]) == "; did you mean 'deploy'?"
    assert meant("x", ["tell", "deploy"]) == "; known: tell, deploy"
    assert meant("x", []) == "; known: none"
    assert meant("x", [f"rule-{number}" for number in range(1000)]).endswith("rule-8, rule-9 and 990 more")
