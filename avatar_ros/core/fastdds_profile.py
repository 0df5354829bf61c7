"""The profile that tells Fast DDS where it may be reached."""

from __future__ import annotations

from collections.abc import Sequence

#: How many processes of a domain find each other on one computer; rmw_fastrtps has the same number under LOCALHOST.
_PROCESSES = 32
_SHM = "<transport_descriptor><transport_id>avatar_shm</transport_id><type>SHM</type></transport_descriptor>"
_LOOPBACK = "<locator><udpv4><address>127.0.0.1</address></udpv4></locator>"
#: A started node is heard of by those who missed its first words, or had their own missed, when it announces itself
#: again; Fast DDS's own 3 s are a silence in mid-sentence after a voice was killed.
_ANNOUNCE = "<leaseAnnouncement><sec>0</sec><nanosec>500000000</nanosec></leaseAnnouncement>"
#: No multicast: what another program subscribed to would be delivered here too, from whatever interface it came.
_HERE = f"""<builtin>
        <discovery_config>{_ANNOUNCE}</discovery_config>
        <metatrafficUnicastLocatorList>{_LOOPBACK}</metatrafficUnicastLocatorList>
        <initialPeersList>{_LOOPBACK}</initialPeersList>
      </builtin>"""


def profile_xml(interfaces: Sequence[str], shared_memory: bool, *, discover_here: bool) -> str:
    """A participant on 127.0.0.1 and `interfaces`. discover_here: it looks for others on this computer alone.

    Sizes are Fast DDS's own: 0.5 MiB of shared memory a process.
    """
    allowed = "".join(f"<interface>{name}</interface>" for name in interfaces)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<profiles xmlns="http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles">
  <transport_descriptors>
    {_SHM if shared_memory else ""}
    <transport_descriptor>
      <transport_id>avatar_udp</transport_id>
      <type>UDPv4</type>
      <maxInitialPeersRange>{_PROCESSES}</maxInitialPeersRange>
      <interfaceWhiteList><address>127.0.0.1</address>{allowed}</interfaceWhiteList>
    </transport_descriptor>
  </transport_descriptors>
  <participant profile_name="avatar_ros" is_default_profile="true">
    <rtps>
      {_HERE if discover_here else ""}
      <userTransports>
        {"<transport_id>avatar_shm</transport_id>" if shared_memory else ""}
        <transport_id>avatar_udp</transport_id>
      </userTransports>
      <useBuiltinTransports>false</useBuiltinTransports>
    </rtps>
  </participant>
</profiles>
"""
