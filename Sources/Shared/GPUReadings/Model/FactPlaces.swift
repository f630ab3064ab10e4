extension FactTable {
    /// Every fact, in the order of ``GPUFact``, and where each output prints it.
    ///
    /// A line is `fact|kind|elements of XML|keys of -q|columns of CSV|columns of dmon and pmon`; one that begins with a blank
    /// goes on with the line before. Several places are tried in order, and the first with a value wins: neither the
    /// DTD's number nor the driver's version tells which dialect an output is (v12 alone has four, and nvidia-smi need not
    /// be the driver's own). Parents are part of a place, because children repeat: `power_draw` is in three blocks, of GPU,
    /// module and memory. A place is below the GPU; `^` below the document, `@` below a MIG device, `#` of a
    /// process, `%` of a retired page.
    ///
    /// To be short, `> a/|b/|c.` sets beginnings for XML, -q and CSV, which `~` stands for until the next such line; `=` is
    /// what the column of XML has, with blanks in place of underscores.
    static let places = """
        index|count|@index|=|index|gpu
        name|text|product_name,#process_name|product name,#process id/name|name,gpu_name,#process_name|#command
        uuid|text|uuid,@uuid|gpu uuid,@uuid|uuid,gpu_uuid
        busID|text|pci/pci_bus_id|pci/bus id|pci.bus_id,gpu_bus_id
        serial|text|serial|serial number|serial,gpu_serial
        gpuInstanceID|count|@gpu_instance_id,#gpu_instance_id|=
        computeInstanceID|count|@compute_instance_id,#compute_instance_id|=
        pid|count|#pid|#process id|#pid|#pid
        > |#process id/
        type|text|#type|~type||#type
        usedMemoryBytes|bytes|#used_memory|~used gpu memory|#used_gpu_memory,#used_memory|#fb
        usedMemoryMaximumBytes|bytes|#max_memory_usage|~max memory usage|#max_memory_usage
        runtimeMilliseconds|ms|#time|~time|#time
        isRunning|flag|#is_running|~is running
        >
        vgpuInstance|text|||#vgpu_instance
        timestamp|text|^timestamp|=|timestamp
        driverVersion|version|^kmd_version,^driver_version|=|kmd_version,driver_version
        cudaVersion|version|^cuda_umd_version,^cuda_version|=
        gpuCount|count|^attached_gpus|=|count
        errorString|text|^error_string|=
        hostname|text|hostname,^hostname|=|hostname
        > fb_memory_usage/|=|memory.
        memoryTotalBytes|bytes|~total,@fb_memory_usage/total|~total,@shared fb memory usage/total,
         @fb memory usage/total|~total
        memoryReservedBytes|bytes|~reserved,@fb_memory_usage/reserved|~reserved,@shared fb memory usage/reserved,
         @fb memory usage/reserved|~reserved
        memoryUsedBytes|bytes|~used,@fb_memory_usage/used|~used,@shared fb memory usage/used,
         @fb memory usage/used|~used|fb
        memoryFreeBytes|bytes|~free,@fb_memory_usage/free|~free,@shared fb memory usage/free,
         @fb memory usage/free|~free
        > bar1_memory_usage/|=
        bar1TotalBytes|bytes|~total,@bar1_memory_usage/total|~total,@shared bar1 memory/total,
         @bar1 memory usage/total
        bar1UsedBytes|bytes|~used,@bar1_memory_usage/used|~used,@shared bar1 memory/used,@bar1 memory usage/used||
         bar1
        bar1FreeBytes|bytes|~free,@bar1_memory_usage/free|~free,@shared bar1 memory/free,@bar1 memory usage/free
        > cc_protected_memory_usage/|conf compute protected memory usage/|protected_memory.
        protectedMemoryTotalBytes|bytes|~total|=|~total
        protectedMemoryUsedBytes|bytes|~used|=|~used|ccpm,#ccpm
        protectedMemoryFreeBytes|bytes|~free|=|~free
        > @device_attributes/shared/|=
        multiprocessorCount|count|~multiprocessor_count|=
        copyEngineCount|count|~copy_engine_count|=
        encoderCount|count|~encoder_count|=
        decoderCount|count|~decoder_count|=
        ofaCount|count|~ofa_count|=
        jpegCount|count|~jpg_count|=
        > utilization/|=|utilization.
        utilizationGPUPercent|percent|~gpu_util,#gpu_util|~gpu,#process id/gpu utilization|~gpu,#gpu_utilization,
         #gpu_util|sm,#sm
        utilizationMemoryPercent|percent|~memory_util,#memory_util|~memory,#process id/memory utilization|~memory,
         #mem_utilization,#mem_util|mem,#mem
        utilizationEncoderPercent|percent|~encoder_util|~encoder|~encoder|enc,#enc
        utilizationDecoderPercent|percent|~decoder_util|~decoder|~decoder|dec,#dec
        utilizationJPEGPercent|percent|~jpeg_util|~jpeg|~jpeg|jpg,#jpg
        utilizationOFAPercent|percent|~ofa_util|~ofa|~ofa|ofa,#ofa
        >
        eccVolatileUncorrectedSRAM|count|ecc_errors/volatile/sram_uncorrectable,
         @ecc_error_count/volatile_count/sram_uncorrectable|ecc errors/volatile/sram uncorrectable,
         @ecc errors/volatile/sram uncorrectable|ecc.errors.uncorrected.volatile.sram
        > temperature/|=|temperature.
        temperatureCelsius|celsius|~gpu_temp|~gpu current temp,~gpu|~gpu|gtemp,temp
        temperatureHeadroomCelsius|celsius|~gpu_temp_tlimit|~gpu t.limit temp,~gpu current t.limit temp|
         ~gpu.tlimit
        temperatureShutdownCelsius|celsius|~gpu_temp_max_threshold|~gpu shutdown temp
        temperatureSlowdownCelsius|celsius|~gpu_temp_slow_threshold|~gpu slowdown temp
        temperatureMaxCelsius|celsius|~gpu_temp_max_gpu_threshold|~gpu max operating temp
        temperatureTargetCelsius|celsius|~gpu_target_temperature|~gpu target temperature,
         ~gpu target temperature specification
        > supported_gpu_target_temp/|=
        temperatureTargetMinimumCelsius|celsius|~gpu_target_temp_min|~gpu target temp min,
         gpu target temperature/min
        temperatureTargetMaximumCelsius|celsius|~gpu_target_temp_max|~gpu target temp max,
         gpu target temperature/max
        > temperature/|=
        headroomShutdownCelsius|celsius|~gpu_temp_max_tlimit_threshold|~gpu shutdown t.limit temp
        headroomSlowdownCelsius|celsius|~gpu_temp_slow_tlimit_threshold|~gpu slowdown t.limit temp
        headroomMaxCelsius|celsius|~gpu_temp_max_gpu_tlimit_threshold|~gpu max operating t.limit temp
        memoryTemperatureCelsius|celsius|~memory_temp|~memory current temp|temperature.memory|mtemp
        memoryTemperatureMaxCelsius|celsius|~gpu_temp_max_mem_threshold|~memory max operating temp
        memoryHeadroomMaxCelsius|celsius|~gpu_temp_max_mem_tlimit_threshold|~memory max operating t.limit temp
        >
        fanPercent|percent|fan_speed|=|fan.speed
        powerDrawWatts|watts|power_readings/power_draw,gpu_power_readings/power_draw,
         gpu_power_readings/average_power_draw,gpu_power_readings/instant_power_draw|power readings/power draw,
         gpu power readings/power draw,gpu power readings/average power draw,
         gpu power readings/instantaneous power draw|power.draw,power.draw.average,gpu.power.draw.average,
         power.draw.instant,gpu.power.draw.instant|pwr
        > gpu_power_readings/|=|power.draw.
        powerDrawAverageWatts|watts|~average_power_draw|=|~average,gpu.power.draw.average
        powerDrawInstantWatts|watts|~instant_power_draw|~instantaneous power draw|~instant,gpu.power.draw.instant
        >
        powerLimitWatts|watts|power_readings/enforced_power_limit,gpu_power_readings/current_power_limit,
         gpu_power_readings/gpu_ceiling_power_limit/current_power_limit,power_readings/power_limit|=|
         enforced.power.limit,gpu.power.current_limit,power.limit,gpu.power.requested_limit
        > gpu_power_readings/|=|power.
        powerLimitRequestedWatts|watts|~requested_power_limit,~gpu_ceiling_power_limit/requested_power_limit,
         power_readings/power_limit|=|~limit,gpu.power.requested_limit
        powerLimitDefaultWatts|watts|~default_power_limit,~gpu_ceiling_power_limit/default_power_limit,
         power_readings/default_power_limit|=|~default_limit,gpu.power.default_limit
        powerLimitMinimumWatts|watts|~min_power_limit,power_readings/min_power_limit|=|~min_limit,
         gpu.power.min_limit
        powerLimitMaximumWatts|watts|~max_power_limit,power_readings/max_power_limit|=|~max_limit,
         gpu.power.max_limit
        >
        powerManagement|text|power_readings/power_management|=|power.management
        > gpu_power_readings/gpu_base_power/|=|gpu.base.
        basePowerWatts|watts|~current_base_power|=|~current
        basePowerRequestedWatts|watts|~requested_base_power|=|~requested
        basePowerDefaultWatts|watts|~default_base_power|=|~default
        basePowerMinimumWatts|watts|~min_base_power|=|~min
        basePowerMaximumWatts|watts|~max_base_power|=|~max
        > gpu_memory_power_readings/|=
        memoryPowerDrawWatts|watts|~power_draw,~average_power_draw,~instant_power_draw|~power draw,
         ~average power draw,~instantaneous power draw
        memoryPowerDrawAverageWatts|watts|~average_power_draw|=
        memoryPowerDrawInstantWatts|watts|~instant_power_draw|~instantaneous power draw
        > module_power_readings/|=|module.
        modulePowerDrawWatts|watts|~power_draw,~average_power_draw,~instant_power_draw|~power draw,
         ~average power draw,~instantaneous power draw|~power.draw.average,~power.draw.instant
        modulePowerDrawAverageWatts|watts|~average_power_draw|=|~power.draw.average
        modulePowerDrawInstantWatts|watts|~instant_power_draw|~instantaneous power draw|~power.draw.instant
        modulePowerLimitWatts|watts|~current_power_limit|=|~enforced.power.limit,~power.current_limit
        modulePowerLimitRequestedWatts|watts|~requested_power_limit|=|~power.limit,~power.requested_limit
        modulePowerLimitDefaultWatts|watts|~default_power_limit|=|~power.default_limit
        modulePowerLimitMinimumWatts|watts|~min_power_limit|=|~power.min_limit
        modulePowerLimitMaximumWatts|watts|~max_power_limit|=|~power.max_limit
        modulePowerState|text|~power_state|=
        >
        powerState|text|gpu_power_readings/power_state,power_readings/power_state|=
        powerSmoothing|text|power_smoothing|=|power_smoothing.enabled
        > power_profiles/|workload power profiles/
        powerProfilesRequested|text|~power_profile_requested_profiles|~requested profiles
        powerProfilesEnforced|text|~power_profile_enforced_profiles|~enforced profiles
        >
        edppMultiplierPercent|decimalPercent|edpp_multiplier|=|edpp_multiplier
        > clocks/|=|clocks.current.
        clockGraphicsMHz|megahertz|~graphics_clock|~graphics|~graphics,clocks.gr|pclk
        clockSMMHz|megahertz|~sm_clock|~sm|~sm,clocks.sm
        clockMemoryMHz|megahertz|~mem_clock|~memory|~memory,clocks.mem|mclk
        clockVideoMHz|megahertz|~video_clock|~video|~video,clocks.video
        > max_clocks/|=|clocks.max.
        clockGraphicsMaxMHz|megahertz|~graphics_clock|~graphics|~graphics,~gr
        clockSMMaxMHz|megahertz|~sm_clock|~sm|~sm
        clockMemoryMaxMHz|megahertz|~mem_clock|~memory|~memory,~mem
        clockVideoMaxMHz|megahertz|~video_clock|~video
        > applications_clocks/|=|clocks.applications.
        clockApplicationGraphicsMHz|megahertz|~graphics_clock|~graphics|~graphics,~gr
        clockApplicationMemoryMHz|megahertz|~mem_clock|~memory|~memory,~mem
        > default_applications_clocks/|=|clocks.default_applications.
        clockDefaultApplicationGraphicsMHz|megahertz|~graphics_clock|~graphics|~graphics,~gr
        clockDefaultApplicationMemoryMHz|megahertz|~mem_clock|~memory|~memory,~mem
        >
        clockDeferredMemoryMHz|megahertz|deferred_clocks/mem_clock|deferred clocks/memory
        clockCustomerBoostGraphicsMaxMHz|megahertz|max_customer_boost_clocks/graphics_clock|
         max customer boost clocks/graphics
        > clock_policy/|=
        autoBoost|text|~auto_boost|=
        autoBoostDefault|text|~auto_boost_default|=
        >
        performanceState|text|performance_state|=|pstate
        graphicsVoltageMillivolts|millivolts|voltage/graphics_volt|voltage/graphics
        clocksEventSupported|text|||clocks_event_reasons.supported,clocks_throttle_reasons.supported
        clocksEventActive|text|||clocks_event_reasons.active,clocks_throttle_reasons.active
        > clocks_event_reasons/|=|clocks_event_reasons.
        clocksEventIdle|flag|~clocks_event_reason_gpu_idle,
         clocks_throttle_reasons/clocks_throttle_reason_gpu_idle|~idle,clocks throttle reasons/idle|~gpu_idle,
         clocks_throttle_reasons.gpu_idle
        clocksEventApplicationClocks|flag|~clocks_event_reason_applications_clocks_setting,
         clocks_throttle_reasons/clocks_throttle_reason_applications_clocks_setting|~applications clocks setting,
         clocks throttle reasons/applications clocks setting|~applications_clocks_setting,
         clocks_throttle_reasons.applications_clocks_setting
        clocksEventSWPowerCap|flag|~clocks_event_reason_sw_power_cap,
         clocks_throttle_reasons/clocks_throttle_reason_sw_power_cap|~sw power cap,
         clocks throttle reasons/sw power cap|~sw_power_cap,clocks_throttle_reasons.sw_power_cap
        clocksEventHWSlowdown|flag|~clocks_event_reason_hw_slowdown,
         clocks_throttle_reasons/clocks_throttle_reason_hw_slowdown|~hw slowdown,
         clocks throttle reasons/hw slowdown|~hw_slowdown,clocks_throttle_reasons.hw_slowdown
        > clocks_event_reasons/|clocks event reasons/hw slowdown/|clocks_event_reasons.
        clocksEventHWThermalSlowdown|flag|~clocks_event_reason_hw_thermal_slowdown,
         clocks_throttle_reasons/clocks_throttle_reason_hw_thermal_slowdown|~hw thermal slowdown,
         clocks throttle reasons/hw slowdown/hw thermal slowdown|~hw_thermal_slowdown,
         clocks_throttle_reasons.hw_thermal_slowdown
        clocksEventHWPowerBrake|flag|~clocks_event_reason_hw_power_brake_slowdown,
         clocks_throttle_reasons/clocks_throttle_reason_hw_power_brake_slowdown|~hw power brake slowdown,
         clocks throttle reasons/hw slowdown/hw power brake slowdown|~hw_power_brake_slowdown,
         clocks_throttle_reasons.hw_power_brake_slowdown
        > clocks_event_reasons/|=|clocks_event_reasons.
        clocksEventSWThermalSlowdown|flag|~clocks_event_reason_sw_thermal_slowdown,
         clocks_throttle_reasons/clocks_throttle_reason_sw_thermal_slowdown|~sw thermal slowdown,
         clocks throttle reasons/sw thermal slowdown|~sw_thermal_slowdown,
         clocks_throttle_reasons.sw_thermal_slowdown
        clocksEventSyncBoost|flag|~clocks_event_reason_sync_boost,
         clocks_throttle_reasons/clocks_throttle_reason_sync_boost|~sync boost,clocks throttle reasons/sync boost|
         ~sync_boost,clocks_throttle_reasons.sync_boost
        clocksEventDisplayClocks|flag|~clocks_event_reason_display_clocks_setting,
         clocks_throttle_reasons/clocks_throttle_reason_display_clocks_setting|~display clock setting,
         clocks throttle reasons/display clock setting|~display_clocks_setting,
         clocks_throttle_reasons.display_clocks_setting
        clocksEventUnknown|flag|~clocks_event_reason_unknown,
         clocks_throttle_reasons/clocks_throttle_reason_unknown|~unknown,clocks throttle reasons/unknown|~unknown,
         clocks_throttle_reasons.unknown
        > clocks_event_reasons_counters/|=|clocks_event_reasons_counters.
        clocksEventSWPowerCapMicroseconds|us|~clocks_event_reasons_counters_sw_power_cap|~sw power capping|
         ~sw_power_cap
        clocksEventSyncBoostMicroseconds|us|~clocks_event_reasons_counters_sync_boost|~sync boost|~sync_boost
        clocksEventSWThermalSlowdownMicroseconds|us|~clocks_event_reasons_counters_sw_therm_slowdown|
         ~sw thermal slowdown|~sw_thermal_slowdown
        clocksEventHWThermalSlowdownMicroseconds|us|~clocks_event_reasons_counters_hw_therm_slowdown|
         ~hw thermal slowdown|~hw_thermal_slowdown
        clocksEventHWPowerBrakeMicroseconds|us|~clocks_event_reasons_counters_hw_power_brake|~hw power braking|
         ~hw_power_brake_slowdown
        >
        computeMode|text|compute_mode|=|compute_mode
        > mig_mode/|=|mig.mode.
        migMode|text|~current_mig|~current|~current
        migModePending|text|~pending_mig|~pending|~pending
        > ecc_mode/|=|ecc.mode.
        eccMode|text|~current_ecc|~current|~current
        eccModePending|text|~pending_ecc|~pending|~pending
        >
        persistenceMode|text|persistence_mode|=|persistence_mode
        displayMode|text|display_mode|=|display_mode
        displayActive|text|display_active|=|display_active
        displayAttached|flag|display_attached|=|display_attached
        addressingMode|text|addressing_mode|=|addressing_mode
        accountingMode|text|accounting_mode|=|accounting.mode
        accountingBufferSize|count|accounting_mode_buffer_size|=|accounting.buffer_size
        > driver_model/|=|driver_model.
        driverModel|text|~current_dm|~current|~current
        driverModelPending|text|~pending_dm|~pending|~pending
        > gpu_operation_mode/|=|gom.
        operationMode|text|~current_gom|~current|~current,gpu_operation_mode.current
        operationModePending|text|~pending_gom|~pending|~pending,gpu_operation_mode.pending
        >
        c2cMode|text|c2c_mode|gpu c2c mode|c2c.mode
        > dram_encryption_mode/|=|dramEncryption.mode.
        dramEncryptionMode|text|~current_dram_encryption|~current|~current
        dramEncryptionModePending|text|~pending_dram_encryption|~pending|~pending
        >
        sparseOperationMode|text|sparse_operation_mode|=
        > gpu_virtualization_mode/|=
        virtualizationMode|text|~virtualization_mode|=
        hostVGPUMode|text|~host_vgpu_mode|=
        vgpuHeterogeneousMode|text|~vgpu_heterogeneous_mode|=
        >
        gspMode|text|||gsp.mode.current
        gspModeDefault|text|||gsp.mode.default
        relaxedOrderingMode|text|ibmnpu/relaxed_ordering_mode|=
        egm|text|capabilities/egm|=
        > gpu_reset_status/|=|gpu_reset_status.
        resetRequired|flag|~reset_required|=|~reset_required
        drainAndResetRecommended|flag|~drain_and_reset_recommended|=|~drain_and_reset_recommended
        >
        recoveryAction|text|gpu_recovery_action|=|gpu_recovery_action
        brand|text|product_brand|=
        architecture|text|product_architecture|=
        computeCapability|text|||compute_cap
        vbios|text|vbios_version|=|vbios_version
        gspFirmwareVersion|text|gsp_firmware_version|=
        minorNumber|count|minor_number|=
        multiGPUBoard|flag|multigpu_board|=
        boardID|text|board_id|=
        boardPartNumber|text|board_part_number|=
        gpuPartNumber|text|gpu_part_number|=
        fruPartNumber|text|gpu_fru_part_number|fru part number
        pdi|text|pdi|gpu pdi
        > inforom_version/|=|inforom.
        inforomImage|text|~img_version|~image version|~img,~image
        inforomOEM|text|~oem_object|=|~oem
        inforomECC|text|~ecc_object|=|~ecc
        inforomPower|text|~pwr_object|~power management object|~pwr,~power
        >
        inforomChecksum|text|||inforom.checksum_validation
        > inforom_bbx_flush/|inforom bbx object flush/
        inforomFlushTimestamp|text|~latest_timestamp|=
        inforomFlushMicroseconds|us|~latest_duration|=
        >
        inforomRuntimeSeconds|seconds|inforom_time_data/time_run|=|bbx.time_run
        > platformInfo/|platform info/|platform.
        moduleID|text|~module_id,gpu_module_id|~module id,module id|~module_id
        chassisSerial|text|~chassis_serial_number|~chassis serial number,~rack serial number|
         ~chassis_serial_number
        slotNumber|text|~slot_number|~slot number,~chassis physical slot number|~slot_number
        trayIndex|text|~tray_index|~tray index,~compute slot index|~tray_index
        hostID|text|~host_id|~host id,~node index|~host_id
        peerType|text|~peer_type|=|~peer_type
        fabricGUID|text|~gpu_fabric_guid|=|~gpu_fabric_guid
        > vgpu_software_licensed_product/|=
        licensedProduct|text|~licensed_product_name|~product name
        licenseStatus|text|~license_status|=
        > pci/|=|pci.
        pciDomain|hex|~pci_domain|~domain|~domain
        pciBus|hex|~pci_bus|~bus|~bus
        pciDevice|hex|~pci_device|~device|~device
        pciBaseClass|hex|~pci_base_class|~base classcode|~baseClass
        pciSubClass|hex|~pci_sub_class|~sub classcode|~subClass
        pciDeviceID|hex|~pci_device_id|~device id|~device_id
        pciSubsystemID|hex|~pci_sub_system_id|~sub system id|~sub_device_id
        > pci/pci_gpu_link_info/pcie_gen/|pci/gpu link info/pcie generation/|pcie.link.gen.
        pcieLinkGeneration|count|~current_link_gen|~current|~current
        pcieLinkGenerationMax|count|~max_link_gen|~max|~max
        pcieLinkGenerationDevice|count|~device_current_link_gen|~device current|~gpucurrent
        pcieLinkGenerationDeviceMax|count|~max_device_link_gen|~device max|~gpumax
        pcieLinkGenerationHostMax|count|~max_host_link_gen|~host max|~hostmax
        > pci/pci_gpu_link_info/link_widths/|pci/gpu link info/link width/|pcie.link.width.
        pcieLinkWidth|lanes|~current_link_width|~current|~current
        pcieLinkWidthMax|lanes|~max_link_width|~max|~max
        > pci/|=
        pcieReplays|count|~replay_counter|~replays since reset
        pcieReplayRollovers|count|~replay_rollover_counter|~replay number rollovers
        >
        pcieReplayErrors|count||||pci
        > pci/|=
        pcieTransmitBytesPerSecond|throughput|~tx_util|~tx throughput||txpci
        pcieReceiveBytesPerSecond|throughput|~rx_util|~rx throughput||rxpci
        pciAtomicInbound|text|~atomic_caps_inbound|=
        pciAtomicOutbound|text|~atomic_caps_outbound|=
        > pci/pci_bridge_chip/|pci/bridge chip/
        pciBridgeType|text|~bridge_chip_type|~type
        pciBridgeFirmware|text|~bridge_chip_fw|~firmware
        > encoder_stats/|=|encoder.stats.
        encoderSessionCount|count|~session_count|~active sessions|~sessionCount
        encoderFramesPerSecond|count|~average_fps|=|~averageFps
        encoderLatencyMicroseconds|us|~average_latency|=|~averageLatency
        > fbc_stats/|=
        captureSessionCount|count|~session_count|~active sessions
        captureFramesPerSecond|count|~average_fps|=
        captureLatencyMicroseconds|us|~average_latency|=
        > fabric/|=|fabric.
        fabricState|text|~state|=|~state
        fabricStatus|text|~status|=|~status
        fabricCliqueID|text|~cliqueId|~cliqueid|~cliqueId
        fabricClusterUUID|text|~clusterUuid|~clusteruuid|~clusterUuid
        > fabric/health/|=|fabric.health.
        fabricHealth|text|~summary|=|~summary
        fabricBandwidth|text|~bandwidth|=|~bandwidth
        fabricRouteRecovery|text|~route_recovery_in_progress|=|~route_recovery_in_progress
        fabricRouteUnhealthy|text|~route_unhealthy|=|~route_unhealthy
        fabricAccessTimeoutRecovery|text|~access_timeout_recovery|=|~access_timeout_recovery
        fabricIncorrectConfiguration|text|~incorrect_configuration|=|~incorrect_configuration
        fabricPartitionAssigned|text|~partition_assigned|=|~partition_assigned
        > ecc_errors/volatile/single_bit/|=|ecc.errors.corrected.volatile.
        eccVolatileCorrected|count|~total|=|~total
        eccVolatileCorrectedDeviceMemory|count|~device_memory|=|~device_memory
        eccVolatileCorrectedRegisterFile|count|~register_file|=|~register_file
        eccVolatileCorrectedL1Cache|count|~l1_cache|=|~l1_cache
        eccVolatileCorrectedL2Cache|count|~l2_cache|=|~l2_cache
        eccVolatileCorrectedTextureMemory|count|~texture_memory|=|~texture_memory
        eccVolatileCorrectedTextureShared|count|~texture_shm|~texture shared
        eccVolatileCorrectedCBU|count|~cbu|=|~cbu
        > ecc_errors/volatile/|=|ecc.errors.corrected.volatile.
        eccVolatileCorrectedDRAM|count|~dram_correctable|=|~dram
        eccVolatileCorrectedSRAM|count|~sram_correctable|=|~sram
        > ecc_errors/volatile/double_bit/|=|ecc.errors.uncorrected.volatile.
        eccVolatileUncorrected|count|~total|=|~total
        eccVolatileUncorrectedDeviceMemory|count|~device_memory|=|~device_memory
        eccVolatileUncorrectedRegisterFile|count|~register_file|=|~register_file
        eccVolatileUncorrectedL1Cache|count|~l1_cache|=|~l1_cache
        eccVolatileUncorrectedL2Cache|count|~l2_cache|=|~l2_cache
        eccVolatileUncorrectedTextureMemory|count|~texture_memory|=|~texture_memory
        eccVolatileUncorrectedTextureShared|count|~texture_shm|~texture shared
        eccVolatileUncorrectedCBU|count|~cbu|=|~cbu
        > ecc_errors/volatile/|=|ecc.errors.uncorrected.volatile.
        eccVolatileUncorrectedDRAM|count|~dram_uncorrectable|=|~dram
        eccVolatileUncorrectedSRAMParity|count|~sram_uncorrectable_parity|=|~sram.parity
        eccVolatileUncorrectedSRAMSECDED|count|~sram_uncorrectable_secded|~sram uncorrectable sec-ded|~sram.secded
        > ecc_errors/aggregate/single_bit/|=|ecc.errors.corrected.aggregate.
        eccAggregateCorrected|count|~total|=|~total|sbecc
        eccAggregateCorrectedDeviceMemory|count|~device_memory|=|~device_memory
        eccAggregateCorrectedRegisterFile|count|~register_file|=|~register_file
        eccAggregateCorrectedL1Cache|count|~l1_cache|=|~l1_cache
        eccAggregateCorrectedL2Cache|count|~l2_cache|=|~l2_cache
        eccAggregateCorrectedTextureMemory|count|~texture_memory|=|~texture_memory
        eccAggregateCorrectedTextureShared|count|~texture_shm|~texture shared
        eccAggregateCorrectedCBU|count|~cbu|=|~cbu
        > ecc_errors/aggregate/|=|ecc.errors.corrected.aggregate.
        eccAggregateCorrectedDRAM|count|~dram_correctable|=|~dram
        eccAggregateCorrectedSRAM|count|~sram_correctable|=|~sram
        > ecc_errors/aggregate/double_bit/|=|ecc.errors.uncorrected.aggregate.
        eccAggregateUncorrected|count|~total|=|~total|dbecc
        eccAggregateUncorrectedDeviceMemory|count|~device_memory|=|~device_memory
        eccAggregateUncorrectedRegisterFile|count|~register_file|=|~register_file
        eccAggregateUncorrectedL1Cache|count|~l1_cache|=|~l1_cache
        eccAggregateUncorrectedL2Cache|count|~l2_cache|=|~l2_cache
        eccAggregateUncorrectedTextureMemory|count|~texture_memory|=|~texture_memory
        eccAggregateUncorrectedTextureShared|count|~texture_shm|~texture shared
        eccAggregateUncorrectedCBU|count|~cbu|=|~cbu
        > ecc_errors/aggregate/|=|ecc.errors.uncorrected.aggregate.
        eccAggregateUncorrectedDRAM|count|~dram_uncorrectable|=|~dram
        eccAggregateUncorrectedSRAM|count|~sram_uncorrectable|=|~sram
        eccAggregateUncorrectedSRAMParity|count|~sram_uncorrectable_parity|=|~sram.parity
        eccAggregateUncorrectedSRAMSECDED|count|~sram_uncorrectable_secded|~sram uncorrectable sec-ded|
         ~sram.secded
        eccSRAMThresholdExceeded|flag|~sram_threshold_exceeded|=|~sram.thresholdExceeded
        > ecc_errors/aggregate_uncorrectable_sram_sources/|=|ecc.errors.uncorrected.aggregate.sram.
        eccSRAMSourceL2|count|~sram_l2|=|~l2
        eccSRAMSourceSM|count|~sram_sm|=|~sm
        eccSRAMSourceMicrocontroller|count|~sram_microcontroller|=|~mcu
        eccSRAMSourcePCIe|count|~sram_pcie|=|~pcie
        eccSRAMSourceOther|count|~sram_other|=|~other
        > ecc_errors/|=|ecc.
        eccChannelRepairPending|flag|~channel_repair_pending|=|~channel_repair_pending
        eccTPCRepairPending|flag|~tpc_repair_pending|=|~tpc_repair_pending
        eccUnrepairableMemory|flag|~unrepairable_memory|=|~unrepairable_memory
        >
        retiredPagesSingleBit|count|retired_pages/multiple_single_bit_retirement/retired_count|
         retired pages/single bit ecc|retired_pages.single_bit_ecc.count,retired_pages.sbe
        retiredPagesDoubleBit|count|retired_pages/double_bit_retirement/retired_count|
         retired pages/double bit ecc|retired_pages.double_bit.count,retired_pages.dbe
        retiredPagesSingleBitList|text|retired_pages/multiple_single_bit_retirement/retired_pagelist,
         retired_pages/multiple_single_bit_retirement/retired_page_addresses
        retiredPagesDoubleBitList|text|retired_pages/double_bit_retirement/retired_pagelist,
         retired_pages/double_bit_retirement/retired_page_addresses
        retiredPagesPending|flag|retired_pages/pending_retirement,retired_pages/pending_blacklist|
         retired pages/pending page blacklist,retired pages/pending|retired_pages.pending
        > remapped_rows/|=|remapped_rows.
        remappedRowsCorrectable|count|~remapped_row_corr|~correctable error|~correctable,~sbe
        remappedRowsUncorrectable|count|~remapped_row_unc|~uncorrectable error|~uncorrectable,~dbe
        remappedRowsCorrectableInactive|count|~remapped_row_corr_inactive|~inactive correctable error|
         ~correctable_inactive
        remappedRowsUncorrectableInactive|count|~remapped_row_unc_inactive|~inactive uncorrectable error|
         ~uncorrectable_inactive
        remappedRowsPending|flag|~remapped_row_pending|~pending|~pending
        remappedRowsFailure|flag|~remapped_row_failure|~remapping failure occurred|~failure
        > remapped_rows/row_remapper_histogram/|remapped rows/bank remap availability histogram/|remapped_rows.histogram.
        remapBanksMax|banks|~row_remapper_histogram_max|~max|~max
        remapBanksHigh|banks|~row_remapper_histogram_high|~high|~high
        remapBanksPartial|banks|~row_remapper_histogram_partial|~partial|~partial
        remapBanksLow|banks|~row_remapper_histogram_low|~low|~low
        remapBanksNone|banks|~row_remapper_histogram_none|~none|~none
        >
        retiredPageAddress|text|||%retired_pages.address
        retiredPageTimestamp|text|||%retired_pages.timestamp
        retiredPageCause|text|||%retired_pages.cause
        powerViolationPercent|percent||||pviol
        thermalViolation|flag||||tviol
        nvlinkReceiveBytesPerSecond|throughput||||nvlrx,rxnvl
        nvlinkTransmitBytesPerSecond|throughput||||nvltx,txnvl
        > |power samples/
        powerSampleCount|count||~number of samples
        powerSamplesSeconds|longSeconds||~duration
        powerSamplesMaximumWatts|watts||~max
        powerSamplesMinimumWatts|watts||~min
        powerSamplesAverageWatts|watts||~avg
        > |sm clock samples/
        clockSMSampleCount|count||~number of samples
        clockSMSamplesSeconds|longSeconds||~duration
        clockSMSamplesMaximumMHz|megahertz||~max
        clockSMSamplesMinimumMHz|megahertz||~min
        clockSMSamplesAverageMHz|megahertz||~avg
        > |memory clock samples/
        clockMemorySampleCount|count||~number of samples
        clockMemorySamplesSeconds|longSeconds||~duration
        clockMemorySamplesMaximumMHz|megahertz||~max
        clockMemorySamplesMinimumMHz|megahertz||~min
        clockMemorySamplesAverageMHz|megahertz||~avg
        > |gpu utilization samples/
        utilizationGPUSampleCount|count||~number of samples
        utilizationGPUSamplesSeconds|longSeconds||~duration
        utilizationGPUSamplesMaximumPercent|percent||~max
        utilizationGPUSamplesMinimumPercent|percent||~min
        utilizationGPUSamplesAveragePercent|percent||~avg
        > |memory utilization samples/
        utilizationMemorySampleCount|count||~number of samples
        utilizationMemorySamplesSeconds|longSeconds||~duration
        utilizationMemorySamplesMaximumPercent|percent||~max
        utilizationMemorySamplesMinimumPercent|percent||~min
        utilizationMemorySamplesAveragePercent|percent||~avg
        > |enc utilization samples/
        utilizationEncoderSampleCount|count||~number of samples
        utilizationEncoderSamplesSeconds|longSeconds||~duration
        utilizationEncoderSamplesMaximumPercent|percent||~max
        utilizationEncoderSamplesMinimumPercent|percent||~min
        utilizationEncoderSamplesAveragePercent|percent||~avg
        > |dec utilization samples/
        utilizationDecoderSampleCount|count||~number of samples
        utilizationDecoderSamplesSeconds|longSeconds||~duration
        utilizationDecoderSamplesMaximumPercent|percent||~max
        utilizationDecoderSamplesMinimumPercent|percent||~min
        utilizationDecoderSamplesAveragePercent|percent||~avg
        > |vgpu device capability/|vgpu_device_capability.
        vgpuFractionalMulti|support||~fractional multi-vgpu|~fractional_multiVgpu
        vgpuHeterogeneousProfiles|support||~heterogeneous time-slice profiles|~heterogeneous_timeSlice_profile
        vgpuHeterogeneousSizes|support||~heterogeneous time-slice sizes|~heterogeneous_timeSlice_sizes
        vgpuHomogeneousPlacements|support||~homogeneous placements|~homogeneous_placements
        vgpuMIGTimeSlicing|support||~mig time-slicing|~mig_timeSlicing
        vgpuMIGTimeSlicingMode|text||~mig time-slicing mode|~mig_timeSlicing_mode
        >
        vgpuHeterogeneousMulti|support|||vgpu_driver_capability.heterogenous_multivGPU
        > ||power_smoothing.
        powerSmoothingPrivilegeLevel|text|||~priv_level
        powerSmoothingImmediateRampDown|text|||~imm_ramp_down
        powerSmoothingStateOfCharge|text|||~soc_power_smoothing_enabled
        powerSmoothingDelayedSupported|support|||~delayed_power_smoothing_supported
        powerSmoothingCeilingWatts|watts|||~tmp_ceil
        powerSmoothingFloorWatts|watts|||~tmp_floor
        powerSmoothingFloorMinimumPercent|decimalPercent|||~min_percent_tmp_floor
        powerSmoothingFloorMaximumPercent|decimalPercent|||~max_percent_tmp_floor
        powerSmoothingLifetimePercent|decimalPercent|||~hw_lifetime_remaining_percent
        powerSmoothingPresetCount|count|||~num_preset_profiles
        powerSmoothingActivePreset|count|||~active_profile
        powerSmoothingPrimaryFloorWatts|watts|||~primary_power_floor
        powerSmoothingSecondaryFloorWatts|watts|||~secondary_power_floor
        powerSmoothingActivationOffsetMinimumWatts|watts|||~min_primary_floor_activation_offset
        powerSmoothingActivationPointMinimumWatts|watts|||~min_primary_floor_activation_point
        powerSmoothingWindowMilliseconds|ms|||~window_multiplier
        > ||power_smoothing.curr_profile.
        powerSmoothingProfileFloorPercent|decimalPercent|||~percent_tmp_floor
        powerSmoothingProfileRampUpWattsPerSecond|wattsPerSecond|||~ramp_up_rate
        powerSmoothingProfileRampDownWattsPerSecond|wattsPerSecond|||~ramp_down_rate
        powerSmoothingProfileRampDownDelayMilliseconds|ms|||~ramp_down_hysteresis
        powerSmoothingProfileSecondaryFloorWatts|watts|||~secondary_power_floor
        powerSmoothingProfileActivationWindow|decimal|||~primary_floor_act_window_multiplier
        powerSmoothingProfileTargetWindow|decimal|||~primary_floor_tar_window_multiplier
        powerSmoothingProfileActivationOffsetWatts|watts|||~primary_floor_act_offset
        > ||power_smoothing.admin_override.
        powerSmoothingOverrideFloorPercent|decimalPercent|||~percent_tmp_floor
        powerSmoothingOverrideRampUpWattsPerSecond|wattsPerSecond|||~ramp_up_rate
        powerSmoothingOverrideRampDownWattsPerSecond|wattsPerSecond|||~ramp_down_rate
        powerSmoothingOverrideRampDownDelayMilliseconds|ms|||~ramp_down_hysteresis
        powerSmoothingOverrideSecondaryFloorWatts|watts|||~secondary_power_floor
        powerSmoothingOverrideActivationWindow|decimal|||~primary_floor_act_window_multiplier
        powerSmoothingOverrideTargetWindow|decimal|||~primary_floor_tar_window_multiplier
        powerSmoothingOverrideActivationOffsetWatts|watts|||~primary_floor_act_offset
        """
}
