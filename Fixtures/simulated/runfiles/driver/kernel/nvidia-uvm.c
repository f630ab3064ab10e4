/* The simulated GPU's unified memory module: it loads, it has a device node, it does nothing. */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "nv-version.h"

int nvidia_simulated_gpu_count(void);

static const struct file_operations node_operations = { .owner = THIS_MODULE };

static struct miscdevice node = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "nvidia-uvm",
	.fops = &node_operations,
	.mode = 0666,
};

static int __init start(void)
{
	pr_info("nvidia-uvm: Loaded the UVM driver for %d simulated GPU(s).\n", nvidia_simulated_gpu_count());
	return misc_register(&node);
}

static void __exit stop(void)
{
	misc_deregister(&node);
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(NV_VERSION);
MODULE_DESCRIPTION("Simulated NVIDIA unified memory");
