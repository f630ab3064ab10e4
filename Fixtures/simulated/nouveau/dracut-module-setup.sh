#!/bin/bash
# Puts the simulated nouveau into the initramfs as dracut's own drm module does with the real one: through
# instmods, which omit_drivers overrules (add_drivers and force_drivers would not give way).
check() {
    return 0
}

depends() {
    return 0
}

installkernel() {
    # Not only when a GPU is plugged in right now: it may be hot-plugged later.
    hostonly='' instmods nouveau
}
