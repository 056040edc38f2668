"""Named lists of addresses for `allow_from`: published by providers and fetched by the worker, or a person's own file.

An ingress asks `AddressLists` for the networks of a name, at each delivery; a worker runs a `Keeper`. They meet in a folder of files.
"""

from hookrules.engine.sources.address_lists.cache import folder_beside
from hookrules.engine.sources.address_lists.keeper import Keeper
from hookrules.engine.sources.address_lists.lists import AddressLists, check_file
from hookrules.engine.sources.address_lists.published import LISTS, Network

__all__ = ["LISTS", "AddressLists", "Keeper", "Network", "check_file", "folder_beside"]
