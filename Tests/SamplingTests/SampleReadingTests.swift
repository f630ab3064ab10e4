import GPUReadings
import Telemetry
import Testing

@testable import Sampling

struct SampleReadingTests {
    @Test func theFactsThatAreSentAreTakenFromADocument() throws {
        let reading = try SMIQueryReading(
            xml: """
                <?xml version="1.0" ?><!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd"><nvidia_smi_log>
                <driver_version>550.54.14</driver_version><cuda_version>12.4</cuda_version><attached_gpus>2</attached_gpus>
                <gpu id="00000000:00:16.0"><product_name>NVIDIA A100</product_name><uuid>GPU-1</uuid>
                <performance_state>P0</performance_state><fan_speed>N/A</fan_speed>
                <fb_memory_usage><total>81920 MiB</total><used>1024 MiB</used></fb_memory_usage>
                <utilization><gpu_util>98 %</gpu_util></utilization><temperature><gpu_temp>47 C</gpu_temp></temperature>
                <gpu_power_readings><power_draw>87.25 W</power_draw></gpu_power_readings>
                <clocks_event_reasons><clocks_event_reason_sw_power_cap>Active</clocks_event_reason_sw_power_cap>
                <clocks_event_reason_gpu_idle>Not Active</clocks_event_reason_gpu_idle></clocks_event_reasons>
                <processes><process_info><pid>7</pid><type>C</type><process_name>small</process_name>
                <used_memory>10 MiB</used_memory></process_info><process_info><pid>8</pid><type>C</type>
                <process_name>large</process_name><used_memory>900 MiB</used_memory></process_info></processes></gpu>
                <gpu id="00000000:00:17.0"><product_name>NVIDIA A100</product_name><fan_speed>GPU is lost</fan_speed>
                <temperature><gpu_temp>Unknown Error</gpu_temp></temperature></gpu></nvidia_smi_log>
                """)
        let sample = TelemetrySample(reading)
        #expect(sample.driverVersion == "550.54.14" && sample.cudaVersion == "12.4" && sample.gpus.count == 2)
        let gpu = try #require(sample.gpus.first)
        #expect(gpu.index == 0 && gpu.uuid == "GPU-1" && gpu.name == "NVIDIA A100" && gpu.pciAddress == "0000:00:16.0")
        #expect(gpu.numbers[.temperatureCelsius] == 47 && gpu.numbers[.powerDrawWatts] == 87.25)
        #expect(gpu.numbers[.memoryUsedBytes] == 1024 * 1_048_576 && gpu.numbers[.utilizationGPUPercent] == 98)
        #expect(gpu.numbers[.fanPercent] == nil && gpu.faults.isEmpty)
        #expect(gpu.texts["performanceState"] == "P0")
        #expect(gpu.clocksEvents == ["clocksEventSWPowerCap"])
        #expect(gpu.processes.map(\.name) == ["large", "small"] && gpu.processCount == 2)
        let lost = try #require(sample.gpus.last)
        #expect(lost.index == 1)
        #expect(lost.faults == ["fanPercent": "gpuLost", "temperatureCelsius": "unknownError"])
    }
}
