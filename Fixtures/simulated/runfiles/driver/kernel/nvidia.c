/*
 * The simulated GPU's kernel module: it goes by the name of NVIDIA's, claims QEMU's `edu` device in place of a
 * card, and shows under /proc/driver/nvidia what the real one shows. It does not touch the hardware.
 *
 * Only symbols free to all modules are used, because the licence string is the real one ("NVIDIA" for the
 * proprietary kind): that is what modinfo answers in the field, and modpost would refuse a GPL-only symbol.
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "nv-version.h"

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8
#define MOST_GPUS 16

struct simulated_gpu {
	struct pci_dev *pci;
	struct miscdevice node;
	struct proc_dir_entry *folder;
	char node_name[16];
	int minor;
};

static struct simulated_gpu *gpus[MOST_GPUS];
static struct proc_dir_entry *proc_root, *proc_gpus;
static int probed;

/* nvidia-uvm asks for it, and so depends on this module as the real one does. */
int nvidia_simulated_gpu_count(void);
int nvidia_simulated_gpu_count(void)
{
	return probed;
}
EXPORT_SYMBOL(nvidia_simulated_gpu_count);

static const struct file_operations node_operations = { .owner = THIS_MODULE };

static struct miscdevice control_node = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "nvidiactl",
	.fops = &node_operations,
	.mode = 0666,
};

static int show_version(struct seq_file *out, void *unused)
{
	seq_puts(out, "NVRM version: " NV_VERSION_LINE "\n");
	seq_puts(out, "GCC version:  gcc version " __VERSION__ "\n");
	return 0;
}

static int show_information(struct seq_file *out, void *unused)
{
	struct simulated_gpu *gpu = out->private;
	struct pci_dev *pci = gpu->pci;

	seq_puts(out, "Model: \t\t " NV_PRODUCT_NAME "\n");
	seq_printf(out, "IRQ:   \t\t %u\n", pci->irq);
	seq_printf(out, "GPU UUID: \t GPU-51340000-1234-11e8-0000-%04x%02x%02x0%x00\n", pci_domain_nr(pci->bus),
		   pci->bus->number, PCI_SLOT(pci->devfn), PCI_FUNC(pci->devfn));
	seq_puts(out, "Video BIOS: \t SIMULATED\n");
	seq_puts(out, "Bus Type: \t PCIe\n");
	seq_puts(out, "DMA Size: \t 47 bits\n");
	seq_puts(out, "DMA Mask: \t 0x7fffffffffff\n");
	seq_printf(out, "Bus Location: \t %s\n", pci_name(pci));
	seq_printf(out, "Device Minor: \t %d\n", gpu->minor);
	return 0;
}

static int claim(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct simulated_gpu *gpu;
	int minor, result;

#ifdef NV_OPEN_KERNEL_MODULE
	/* The card played here is a Pascal, and those have no GSP. */
	pr_err("NVRM: The NVIDIA GPU %s (PCI ID: %04x:%04x)\n"
	       "NVRM: installed in this system is not supported by open\n"
	       "NVRM: nvidia.ko because it does not include the required GPU\n"
	       "NVRM: System Processor (GSP).\n",
	       pci_name(pci), pci->vendor, pci->device);
	return -ENODEV;
#endif
	for (minor = 0; minor < MOST_GPUS && gpus[minor]; minor++)
		;
	if (minor == MOST_GPUS)
		return -ENOSPC;
	gpu = kzalloc(sizeof(*gpu), GFP_KERNEL);
	if (!gpu)
		return -ENOMEM;
	result = pci_enable_device(pci);
	if (result) {
		kfree(gpu);
		return result;
	}
	gpu->pci = pci;
	gpu->minor = minor;
	snprintf(gpu->node_name, sizeof(gpu->node_name), "nvidia%d", minor);
	gpu->node.minor = MISC_DYNAMIC_MINOR;
	gpu->node.name = gpu->node_name;
	gpu->node.fops = &node_operations;
	gpu->node.mode = 0666;
	result = misc_register(&gpu->node);
	if (result) {
		pci_disable_device(pci);
		kfree(gpu);
		return result;
	}
	gpu->folder = proc_mkdir(pci_name(pci), proc_gpus);
	if (gpu->folder)
		proc_create_single_data("information", 0444, gpu->folder, show_information, gpu);
	gpus[minor] = gpu;
	probed++;
	pci_set_drvdata(pci, gpu);
	NV_FAULT(pci);
	return 0;
}

static void release(struct pci_dev *pci)
{
	struct simulated_gpu *gpu = pci_get_drvdata(pci);

	proc_remove(gpu->folder);
	misc_deregister(&gpu->node);
	pci_disable_device(pci);
	gpus[gpu->minor] = NULL;
	probed--;
	kfree(gpu);
}

static const struct pci_device_id ids[] = { { PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) }, { } };
MODULE_DEVICE_TABLE(pci, ids);

static struct pci_driver driver = {
	.name = "nvidia",
	.id_table = ids,
	.probe = claim,
	.remove = release,
};

static int devices_present(void)
{
	struct pci_dev *pci = NULL;
	int count = 0;

	while ((pci = pci_get_device(EDU_VENDOR, EDU_DEVICE, pci)))
		count++;
	return count;
}

static int __init start(void)
{
	int result, present;

	proc_root = proc_mkdir("driver/nvidia", NULL);
	if (!proc_root)
		return -ENOMEM;
	proc_gpus = proc_mkdir("gpus", proc_root);
	proc_create_single_data("version", 0444, proc_root, show_version, NULL);
	result = misc_register(&control_node);
	if (result)
		goto no_node;
	result = pci_register_driver(&driver);
	if (result)
		goto no_driver;
	if (!probed) {
		/* As the real module, stay out unless there is something to drive. */
		present = devices_present();
		if (!present)
			pr_err("NVRM: No NVIDIA GPU found.\n");
#ifndef NV_OPEN_KERNEL_MODULE
		else
			pr_err("NVRM: The NVIDIA probe routine was not called for %d device(s).\n"
			       "NVRM: This can occur when another driver was loaded and\n"
			       "NVRM: obtained ownership of the NVIDIA device(s).\n",
			       present);
#endif
		pr_err("NVRM: None of the NVIDIA devices were initialized.\n");
		result = -ENODEV;
		pci_unregister_driver(&driver);
		goto no_driver;
	}
	pr_info("NVRM: loading " NV_VERSION_LINE " (simulated)\n");
	return 0;

no_driver:
	misc_deregister(&control_node);
no_node:
	proc_remove(proc_root);
	return result;
}

static void __exit stop(void)
{
	pci_unregister_driver(&driver);
	misc_deregister(&control_node);
	proc_remove(proc_root);
}

module_init(start);
module_exit(stop);
MODULE_LICENSE(NV_LICENSE);
MODULE_VERSION(NV_VERSION);
MODULE_DESCRIPTION("Simulated NVIDIA GPU on QEMU's edu device");
