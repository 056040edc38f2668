from hookrules.engine.runs.worker import worker_name


def test_two_workers_never_share_a_name_so_that_none_renews_what_a_dead_one_held() -> None:
    assert worker_name() != worker_name()
