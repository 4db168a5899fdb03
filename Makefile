# SPDX-License-Identifier: GPL-2.0
#
# `make help` says what there is. Everything built goes to build/, but for the
# modules of the running kernel, which kbuild builds in kmod/.

KDIR	?= /lib/modules/$(shell uname -r)/build
KERNELS	:= 6.1 6.12 debug

all: modules userlib

# For the running kernel. Where its headers are missing, for the VM's.
modules:
	@if [ -d $(KDIR) ]; then \
		$(MAKE) -C $(KDIR) M=$(CURDIR) modules; \
	else \
		echo "make: no kernel headers in $(KDIR), so this builds for the VM's 6.1;"; \
		echo "make: for the running kernel install linux-headers-$$(uname -r)"; \
		$(MAKE) modules-6.1; \
	fi

# For a kernel of the VM, into build/NAME.
$(KERNELS:%=modules-%): modules-%: deps
	@selftests/vm/kernel prepare $*
	@selftests/vm/module $*

userlib:
	@$(MAKE) -C userlib

# What building and testing need: installed on Debian 12, named elsewhere.
deps:
	@selftests/deps

demo: modules-6.1 userlib
	@$(MAKE) -s -C selftests/windns
	@$(MAKE) -s -C userlib/wudf/examples
	@selftests/demo/demo

quick check check-all: deps
	@selftests/check $@

mutants: deps
	@selftests/mutants/run
	@selftests/mutants/draw

bench: modules-6.1 modules-6.12
	@selftests/bench/run

# make profile ROW=batch-64 KERNEL=6.12
profile: modules-$(or $(KERNEL),6.1)
	@selftests/bench/profile $(if $(KERNEL),--kernel $(KERNEL)) $(ROW)

# The module for the running kernel, the libraries, and the header.
install: all
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR))
	$(if $(DESTDIR),,depmod -a)
	$(MAKE) -C userlib install
	install -D -m 644 uapi/linux/iotarget.h \
		$(DESTDIR)$(or $(PREFIX),/usr/local)/include/linux/iotarget.h

clean:
	rm -rf build
	@[ ! -d $(KDIR) ] || $(MAKE) -s -C $(KDIR) M=$(CURDIR) clean

help:
	@echo 'make             the modules for the running kernel, and the libraries'
	@echo 'make demo        boots a VM: DNS queries cancelled in flight, and UMDF drivers'
	@echo 'make check       all tests in VMs (40 minutes at most)'
	@echo 'make quick       build, static checks and one boot (3 minutes)'
	@echo 'make check-all   full counts, every kernel (hours)'
	@echo 'make mutants     breaks the module on purpose and at random; the tests must notice'
	@echo 'make bench       instructions and time, beside the peers (7 minutes)'
	@echo 'make profile     where the instructions of a round trip go (ROW=, KERNEL=)'
	@echo 'make install     the module, the libraries and the header (DESTDIR, PREFIX)'
	@echo 'make modules-6.1 (-6.12, -debug): the modules for a kernel of the VM'
	@echo 'make clean'

.PHONY: all modules userlib deps demo quick check check-all mutants bench profile \
	install clean help $(KERNELS:%=modules-%)
