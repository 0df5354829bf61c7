"""The profile that tells Fast DDS where it may be reached."""

from __future__ import annotations

from collections.abc import Sequence

#: How many processes of a domain find each other on one computer; rmw_fastrtps has the same number under LOCALHOST.
_PROCESSES = 32
_PARTICIPANT = '<participant profile_name="avatar_ros" is_default_profile="true">'
_SHM = "<transport_descriptor><transport_id>avatar_shm</transport_id><type>SHM</type></transport_descriptor>"
_LOOPBACK = "<locator><udpv4><address>127.0.0.1</address></udpv4></locator>"
#: A started node is heard of by those who missed its first words, or had their own missed, when it announces itself
#: again; Fast DDS's own 3 s are a silence in mid-sentence after a voice was killed.
_ANNOUNCE = "<leaseAnnouncement><sec>0</sec><nanosec>500000000</nanosec></leaseAnnouncement>"
#: A lost sample is repaired when a heartbeat tells of it; Fast DDS's own 3 s are a hole in a sentence.
_HEARTBEAT = "<times><heartbeatPeriod><sec>0</sec><nanosec>50000000</nanosec></heartbeatPeriod></times>"
_WRITER = f"""<data_writer profile_name="avatar_ros_writer" is_default_profile="true">
    {_HEARTBEAT}
  </data_writer>"""
#: No multicast: what another program subscribed to would be delivered here too, from whatever interface it came.
_HERE = f"""<builtin>
        <discovery_config>{_ANNOUNCE}</discovery_config>
        <metatrafficUnicastLocatorList>{_LOOPBACK}</metatrafficUnicastLocatorList>
        <initialPeersList>{_LOOPBACK}</initialPeersList>
      </builtin>"""
#: Where a participant's second sockets begin, beyond its domain's first port: above those of the first 45 participants,
#: within the domain's own, also in domain 232, whose ports end at 65535. One that is taken leads to the next but one.
_FIRST_PORT, _PORTS_OF_A_DOMAIN, _LAST_DOMAIN, _SECOND = 7400, 250, 232, 101
_LOUD = f"<builtin><discovery_config>{_ANNOUNCE}</discovery_config></builtin>"


def profile_xml(interfaces: Sequence[str], shared_memory: bool, twice_in: int | None = None) -> str:
    """Participants that may be reached: on 127.0.0.1 and `interfaces`, or anywhere where none is named.

    What is lost on the way is repaired soon. twice_in: a domain, in which others send these participants all twice.
    """
    listens = "" if twice_in is None else _two_sockets(twice_in)
    if interfaces:
        participant = _participant(interfaces, shared_memory, listens + _LOUD)
    else:
        participant = listens and f"{_PARTICIPANT}<rtps>{listens}</rtps></participant>\n  "
    return _profiles(participant + _WRITER)


def local_profile_xml(shared_memory: bool) -> str:
    """Participants that look for others on this computer alone, and cannot be reached from elsewhere."""
    return _profiles(_participant((), shared_memory, _HERE))


def _two_sockets(domain: int) -> str:
    """A writer sends to each address that a reader announces, and the reader takes each message once, by its number.

    A list of one's own has no shared memory in it (XML has no word for such a locator): others on this computer send
    to these participants by 127.0.0.1. What these send to others goes as ever.
    """
    second = _FIRST_PORT + _PORTS_OF_A_DOMAIN * min(domain, _LAST_DOMAIN) + _SECOND
    anywhere = "<address>0.0.0.0</address>"
    sockets = (anywhere, f"<port>{second}</port>{anywhere}")  # the first: the port that it would have anyway
    locators = "".join(f"<locator><udpv4>{socket}</udpv4></locator>" for socket in sockets)
    return f"<defaultUnicastLocatorList>{locators}</defaultUnicastLocatorList>"


def _profiles(content: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<profiles xmlns="http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles">
  {content}
</profiles>
"""


def _participant(interfaces: Sequence[str], shared_memory: bool, builtin: str) -> str:
    """Sizes are Fast DDS's own: 0.5 MiB of shared memory a process."""
    allowed = "".join(f"<interface>{name}</interface>" for name in interfaces)
    return f"""<transport_descriptors>
    {_SHM if shared_memory else ""}
    <transport_descriptor>
      <transport_id>avatar_udp</transport_id>
      <type>UDPv4</type>
      <maxInitialPeersRange>{_PROCESSES}</maxInitialPeersRange>
      <interfaceWhiteList><address>127.0.0.1</address>{allowed}</interfaceWhiteList>
    </transport_descriptor>
  </transport_descriptors>
  {_PARTICIPANT}
    <rtps>
      {builtin}
      <userTransports>
        {"<transport_id>avatar_shm</transport_id>" if shared_memory else ""}
        <transport_id>avatar_udp</transport_id>
      </userTransports>
      <useBuiltinTransports>false</useBuiltinTransports>
    </rtps>
  </participant>
  """
