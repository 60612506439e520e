//! The closed list of what happens to a relay, besides [what happens to every server](sealpost_server::log): each event is a
//! fixed text and numbers, and none is of a connection or a request.

pub use sealpost_server::log::start;

sealpost_server::events! {
    /// The store is closed.
    INFO StoreClosed {} = "the store is closed";
    /// Logs nothing can be learnt from but that the program is alive.
    TRACE Swept {} = "swept what has expired";
    /// Rewrote the store.
    INFO Purged {} = "the store was rewritten without what had been erased";
    /// The store could not be rewritten.
    ERROR PurgeFailed {} = "the store could not be rewritten; is the disk full?";
    /// The store's disk failed; said once for each outage.
    ERROR StoreOut {} = "the store's disk failed: requests are told to try later until it is back";
    /// The store was opened again.
    INFO StoreBack {} = "the store's disk is back";
    /// The store was out when it was to be closed.
    WARN NotSynced {} = "the store was out when it was closed; what was answered before is kept";
    /// The store hangs for good.
    ERROR StoreStuck {} = "the store has hung for a minute: the program ends, to be started again; nothing accepted is lost";
    /// Redis does not answer, or refuses; said once for each outage.
    ERROR RedisOut {} = "Redis is out, or a server of its cluster: requests that need it are told to try later until it is back";
    /// Redis answers again.
    INFO RedisBack {} = "Redis is back";
    /// What goes to Redis can be read on its way.
    WARN RedisInTheClear {} = "redis.urls has a server on another machine without TLS: write rediss://";
    /// What was accepted last may be lost.
    WARN RedisMayLose {} = "redis.durability is second: when the server's machine crashes, what was accepted within two seconds is lost";
    /// Relays of one store could not agree on keys; said each time.
    WARN KeysNotShared {} = "the keys of days could not be agreed on with other relays of the same store; it is tried again";
    /// Redis keeps times and keys of what is slow.
    WARN RedisSlowLog {} = "Redis keeps a slow log, with times and keys: set slowlog-log-slower-than to -1";
    /// Redis writes times into its file.
    WARN RedisTimestamps {} = "Redis writes times into its append-only file: set aof-timestamp-enabled to no";
    /// Redis keeps times of what took long.
    WARN RedisLatency {} = "Redis keeps times of what took long: set latency-monitor-threshold to 0";
    /// Redis tells keys to whoever listens.
    WARN RedisKeyspace {} = "Redis tells whoever listens which keys change: set notify-keyspace-events to \"\"";
    /// Redis logs who connects.
    WARN RedisTalkative {} = "Redis logs who connects and when: set loglevel to notice";
    /// Somebody has had Redis show every command.
    WARN RedisMonitored {} = "somebody has had Redis show every command since it was started: take MONITOR from all of its users";
    /// A row is not one that this program writes; said once.
    ERROR DamagedRow {} = "the store found a damaged row";
    /// An epoch's directory was opened.
    INFO EpochOpened {
        /// The epoch.
        epoch: u32
    } = "the directory of an epoch is open";
    /// An epoch's directory was erased.
    INFO EpochRetired {
        /// The epoch.
        epoch: u32
    } = "the epoch has closed: its directory was erased";
    /// An epoch cannot be opened; said once for each outage.
    WARN EpochMissing {} = "an epoch's directory cannot be opened: is a key service out, or without a key of it?";
    /// Anyone may publish any number.
    WARN AnyoneMayPublish {} = "the directory has no attester: anyone may be listed under any number";
    /// With no key service, what keeps numbers apart from guesses is the price of argon2id alone.
    WARN NoKeyService {} = "the directory has no key service: whoever has its data can try numbers at the price of argon2id";
    /// A gateway cannot be reached; said once for each outage.
    WARN GatewayOut {
        /// Its place in the configuration, from 1.
        gateway: usize
    } = "a gateway of this proxy cannot be reached, or is not the one that was named";
    /// A gateway can be reached again.
    INFO GatewayBack {
        /// Its place in the configuration, from 1.
        gateway: usize
    } = "a gateway of this proxy is back";
    /// A gateway is now run by our own operator.
    ERROR OwnGateway {
        /// Its place in the configuration, from 1.
        gateway: usize
    } = "a gateway of this proxy has come to the proxy's own operator: nothing is passed on to it";
    /// A proxy has nobody to pass anything on to.
    WARN NoGateways {} = "this proxy has no gateways, so it passes nothing on";
    /// A key service evaluates for anyone.
    WARN AnyoneMayAsk {} = "there is no attester: anyone may have elements evaluated, as fast as batches_per_minute says";
    /// Little of the disk is left.
    WARN LittleSpace {
        /// What is free, in MiB.
        free: u64,
        /// What is to stay free, in MiB.
        reserve: u64
    } = "little of the disk is free beyond disk_reserve (MiB): senders are told to try later, now or soon";
    /// The reserve is too small.
    WARN LittleReserve {} = "disk_reserve is less than 64 MiB: a full disk may keep owners from making room";
}
