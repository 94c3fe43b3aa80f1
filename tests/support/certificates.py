"""A certificate for a server on this machine, and the authority that vouches for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM: whom a client has to trust, and what the server proves itself with."""

    authority: Path
    public: Path
    private: Path


def certificate(folder: Path, name: str = "localhost") -> Certificate:
    """Make one for a server called `name`, in `folder`."""
    made = Certificate(folder / "authority.pem", folder / "public.pem", folder / "private.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(made.authority)
    issued = authority.issue_cert(name)
    for link in issued.cert_chain_pems:
        link.write_to_path(made.public, append=True)
    issued.private_key_pem.write_to_path(made.private)
    return made
