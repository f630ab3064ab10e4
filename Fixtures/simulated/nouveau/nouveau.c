// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for nouveau.
 *
 * The real nouveau never binds QEMU's `edu` device, which plays the GPU in the tests. This module has the
 * real one's name, its place in the initramfs and the parameter `modeset`, and it claims that device, so that
 * everything done against nouveau (blacklist, initramfs, unloading, reboot) can be tested without a GPU.
 *
 * It has two moods. By default it unloads when asked, as nouveau does where no console draws on the card.
 * When busy it holds a reference to itself from the start, as nouveau does under a framebuffer console:
 * `modprobe -r nouveau` then fails with "Module nouveau is in use", and only a boot without it helps.
 */
#include <linux/dmi.h>
#include <linux/module.h>
#include <linux/pci.h>

#define BUSY_OEM_STRING "simulated-nouveau=busy"

static bool busy;
module_param(busy, bool, 0444);
MODULE_PARM_DESC(busy, "refuse to be unloaded (also: SMBIOS OEM string \"" BUSY_OEM_STRING "\")");

static int modeset = -1;
module_param(modeset, int, 0400);
MODULE_PARM_DESC(modeset, "0 loads the module without a driver, as in the real nouveau");

static const struct pci_device_id simulated_nouveau_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) }, /* QEMU's edu */
	{ }
};
MODULE_DEVICE_TABLE(pci, simulated_nouveau_ids);

static int simulated_nouveau_probe(struct pci_dev *device, const struct pci_device_id *id)
{
	int error = pci_enable_device(device);

	if (error)
		return error;
	pci_info(device, "simulated nouveau: bound\n");
	return 0;
}

static void simulated_nouveau_remove(struct pci_dev *device)
{
	pci_disable_device(device);
	pci_info(device, "simulated nouveau: released\n");
}

static struct pci_driver simulated_nouveau_driver = {
	.name = "nouveau",
	.id_table = simulated_nouveau_ids,
	.probe = simulated_nouveau_probe,
	.remove = simulated_nouveau_remove,
};

static int __init simulated_nouveau_init(void)
{
	int error;

	if (modeset == 0)
		return 0;

	error = pci_register_driver(&simulated_nouveau_driver);
	if (error)
		return error;

	/* dmi_find_device compares the whole string. */
	if (dmi_find_device(DMI_DEV_TYPE_OEM_STRING, BUSY_OEM_STRING, NULL))
		busy = true;
	if (busy)
		__module_get(THIS_MODULE);
	pr_info("simulated nouveau: loaded, %s\n", busy ? "busy" : "idle");
	return 0;
}
module_init(simulated_nouveau_init);

static void __exit simulated_nouveau_exit(void)
{
	if (modeset != 0)
		pci_unregister_driver(&simulated_nouveau_driver);
	pr_info("simulated nouveau: unloaded\n");
}
module_exit(simulated_nouveau_exit);

MODULE_DESCRIPTION("Stand-in for nouveau which binds QEMU's edu device");
MODULE_LICENSE("GPL");
