from __future__ import annotations

from kwhy.facts.netfilter import NftChain, NftTable
from kwhy.knowledge.netfilter.chain import Chain


def nft_chain(table: NftTable, name: str, shown: NftChain) -> Chain:
    return Chain(name, list, whole=False)
