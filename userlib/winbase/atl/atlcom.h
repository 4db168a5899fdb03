/* SPDX-License-Identifier: MIT */
/*
 * atlcom.h: of ATL (see atldef.h) the objects: their reference counts, their maps of
 * interfaces, their class factories, and the map of classes.
 *
 * A class CFoo derives from CComObjectRootEx and from its interfaces and has a map of
 * them. It is abstract: CComObject<CFoo> adds the methods of IUnknown, and is what lives.
 */
#ifndef __ATLCOM_H__
#define __ATLCOM_H__

#include "atlbase.h"

namespace ATL {

/*
 * A map is constant, and so needs no initialization: the guard of that would be one for
 * all drivers in a process whose classes have the same name.
 */
struct _ATL_INTMAP_ENTRY {
	const IID *Iid() const
	{
		return pfnIid ? &pfnIid() : piid;
	}

	REFIID (*pfnIid)();		/* tells the IID, where __uuidof does; or else */
	const IID *piid;		/* both NULL: pFunc is asked for all */
	DWORD_PTR dw;
	_ATL_CREATORARGFUNC *pFunc;	/* NULL: the end */
};

/* Here dw is the offset of the interface in its object. */
#define _ATL_SIMPLEMAPENTRY	((ATL::_ATL_CREATORARGFUNC *)1)

/* Where a base class's map is found, and the base in its derived class. */
struct _ATL_CHAINDATA {
	DWORD_PTR dwOffset;
	const _ATL_INTMAP_ENTRY *(*pFunc)();
};

template <class base, class derived>
class _CComChainData {
public:
	ATL_HIDDEN static _ATL_CHAINDATA data;
};

template <class base, class derived>
_ATL_CHAINDATA _CComChainData<base, derived>::data = {
	offsetofclass(base, derived), base::_GetEntries
};

/* ------------------------------------------------------------------ objects */

class CComObjectRootBase {
public:
	CComObjectRootBase() : m_dwRef(0)
	{
	}

	/* What an object does when it is complete, and before it goes. */
	HRESULT FinalConstruct()
	{
		return S_OK;
	}

	void FinalRelease()
	{
	}

	static void ObjectMain(bool)
	{
	}

	void SetVoid(void *)
	{
	}

	void InternalFinalConstructAddRef()
	{
	}

	void InternalFinalConstructRelease()
	{
		ATLASSERT(!m_dwRef);
	}

	static HRESULT InternalQueryInterface(void *pThis, const _ATL_INTMAP_ENTRY *entries,
					      REFIID iid, void **ppv)
	{
		if (!ppv)
			return E_POINTER;
		*ppv = NULL;
		/* The object's identity is its first interface. */
		if (iid == __uuidof(IUnknown))
			return Give(pThis, entries, ppv);
		for (; entries->pFunc; entries++) {
			const IID *mine = entries->Iid();
			HRESULT hr;

			if (mine && *mine != iid)
				continue;
			if (entries->pFunc == _ATL_SIMPLEMAPENTRY)
				return Give(pThis, entries, ppv);
			hr = entries->pFunc(pThis, iid, ppv, entries->dw);
			if (hr == S_OK || (mine && FAILED(hr)))
				return hr;
		}
		return E_NOINTERFACE;
	}

	static HRESULT _Chain(void *pv, REFIID iid, void **ppv, DWORD_PTR dw)
	{
		const _ATL_CHAINDATA *chain = (const _ATL_CHAINDATA *)dw;

		return InternalQueryInterface((char *)pv + chain->dwOffset, chain->pFunc(),
					      iid, ppv);
	}

	static HRESULT _NoInterface(void *, REFIID, void **, DWORD_PTR)
	{
		return E_NOINTERFACE;
	}

	LONG m_dwRef;

private:
	static HRESULT Give(void *pThis, const _ATL_INTMAP_ENTRY *entry, void **ppv)
	{
		IUnknown *unknown = (IUnknown *)((char *)pThis + entry->dw);

		ATLASSERT(entry->pFunc == _ATL_SIMPLEMAPENTRY);
		unknown->AddRef();
		*ppv = unknown;
		return S_OK;
	}
};

template <class ThreadModel>
class CComObjectLockT {
public:
	CComObjectLockT(ThreadModel *p) : m_p(p)
	{
		if (m_p)
			m_p->Lock();
	}

	~CComObjectLockT()
	{
		if (m_p)
			m_p->Unlock();
	}

	CComObjectLockT(const CComObjectLockT &) = delete;
	CComObjectLockT &operator=(const CComObjectLockT &) = delete;

private:
	ThreadModel *m_p;
};

/* An object's count and lock. ObjectLock lock(this); holds the lock for a scope. */
template <class ThreadModel>
class CComObjectRootEx : public CComObjectRootBase {
public:
	typedef ThreadModel _ThreadModel;
	typedef CComObjectLockT<CComObjectRootEx> ObjectLock;

	ULONG InternalAddRef()
	{
		return ThreadModel::Increment(&m_dwRef);
	}

	ULONG InternalRelease()
	{
		return ThreadModel::Decrement(&m_dwRef);
	}

	void Lock()
	{
		m_critsec.Lock();
	}

	void Unlock()
	{
		m_critsec.Unlock();
	}

private:
	typename ThreadModel::AutoCriticalSection m_critsec;
};

typedef CComObjectRootEx<CComObjectThreadModel> CComObjectRoot;

/* Makes an object of class T1 and gives out its interface riid. */
template <class T1>
class CComCreator {
public:
	static HRESULT CreateInstance(void *pv, REFIID riid, LPVOID *ppv)
	{
		HRESULT hr;
		T1 *p;

		if (!ppv)
			return E_POINTER;
		*ppv = NULL;
		hr = Construct(pv, &p);
		if (FAILED(hr))
			return hr;
		hr = p->QueryInterface(riid, ppv);
		if (FAILED(hr))
			delete p;
		return hr;
	}

	/* *pp has no reference yet. */
	static HRESULT Construct(void *pv, T1 **pp)
	{
		T1 *p = new (std::nothrow) T1;
		HRESULT hr;

		*pp = NULL;
		if (!p)
			return E_OUTOFMEMORY;
		p->SetVoid(pv);
		p->InternalFinalConstructAddRef();
		hr = p->FinalConstruct();
		p->InternalFinalConstructRelease();
		if (FAILED(hr))
			delete p;
		else
			*pp = p;
		return hr;
	}
};

template <HRESULT hr>
class CComFailCreator {
public:
	static HRESULT CreateInstance(void *, REFIID, LPVOID *ppv)
	{
		if (!ppv)
			return E_POINTER;
		*ppv = NULL;
		return hr;
	}
};

/* T1 makes what stands alone, T2 what is aggregated. */
template <class T1, class T2>
class CComCreator2 {
public:
	static HRESULT CreateInstance(void *pv, REFIID riid, LPVOID *ppv)
	{
		return pv ? T2::CreateInstance(pv, riid, ppv) :
			    T1::CreateInstance(NULL, riid, ppv);
	}
};

/* An object on the heap that its last Release frees. It keeps no module loaded. */
template <class Base>
class CComObjectNoLock : public Base {
public:
	typedef Base _BaseClass;

	CComObjectNoLock(void * = NULL)
	{
	}

	virtual ~CComObjectNoLock()
	{
		/* So that references taken and dropped in FinalRelease free nothing. */
		this->m_dwRef = -(INT_MAX / 2);
		this->FinalRelease();
	}

	ULONG AddRef()
	{
		return this->InternalAddRef();
	}

	ULONG Release()
	{
		ULONG refs = this->InternalRelease();

		if (!refs)
			delete this;
		return refs;
	}

	HRESULT QueryInterface(REFIID iid, void **ppv)
	{
		return this->_InternalQueryInterface(iid, ppv);
	}

	template <class Q>
	HRESULT QueryInterface(Q **pp)
	{
		return QueryInterface(__uuidof(Q), (void **)pp);
	}
};

/* The same, and the module counts it. */
template <class Base>
class CComObject : public CComObjectNoLock<Base> {
public:
	CComObject(void * = NULL)
	{
		if (_pAtlModule)
			_pAtlModule->Lock();
	}

	virtual ~CComObject()
	{
		if (_pAtlModule)
			_pAtlModule->Unlock();
	}

	/* *pp has no reference yet: AddRef before anything else. */
	static HRESULT CreateInstance(CComObject **pp)
	{
		if (!pp)
			return E_POINTER;
		return CComCreator<CComObject>::Construct(NULL, pp);
	}
};

/* The same, but the module counts it only while somebody but its cache holds it. */
template <class Base>
class CComObjectCached : public CComObjectNoLock<Base> {
public:
	ULONG AddRef()
	{
		ULONG refs = this->InternalAddRef();

		if (refs == 2 && _pAtlModule)
			_pAtlModule->Lock();
		return refs;
	}

	ULONG Release()
	{
		ULONG refs = this->InternalRelease();

		if (!refs)
			delete this;
		else if (refs == 1 && _pAtlModule)
			_pAtlModule->Unlock();
		return refs;
	}
};

/* --------------------------------------------------------- maps of interfaces */

#define BEGIN_COM_MAP(x)							\
public:										\
	typedef x _ComMapClass;							\
	IUnknown *_GetRawUnknown()						\
	{									\
		return (IUnknown *)((char *)this + _GetEntries()->dw);		\
	}									\
	IUnknown *GetUnknown()							\
	{									\
		return _GetRawUnknown();					\
	}									\
	HRESULT _InternalQueryInterface(REFIID iid, void **ppv)			\
	{									\
		return this->InternalQueryInterface(this, _GetEntries(), iid, ppv); \
	}									\
	/* Hidden, lest its static makes the driver one that cannot be unloaded. */ \
	ATL_HIDDEN static const ATL::_ATL_INTMAP_ENTRY *_GetEntries()			\
	{									\
		static const ATL::_ATL_INTMAP_ENTRY _entries[] = {

#define _ATL_IID_FUNC(x)		ATL::_AtlIid<x, nullptr>::Get
#define _ATL_OFFSET2(x, x2)						\
	((DWORD_PTR)static_cast<x *>(static_cast<x2 *>(			\
		(_ComMapClass *)_ATL_PACKING)) - _ATL_PACKING)

#define COM_INTERFACE_ENTRY(x) \
	{ _ATL_IID_FUNC(x), NULL, offsetofclass(x, _ComMapClass), _ATL_SIMPLEMAPENTRY },
#define COM_INTERFACE_ENTRY_IID(iid, x) \
	{ NULL, &iid, offsetofclass(x, _ComMapClass), _ATL_SIMPLEMAPENTRY },
/* The x of the branch x2. */
#define COM_INTERFACE_ENTRY2(x, x2) \
	{ _ATL_IID_FUNC(x), NULL, _ATL_OFFSET2(x, x2), _ATL_SIMPLEMAPENTRY },
#define COM_INTERFACE_ENTRY2_IID(iid, x, x2) \
	{ NULL, &iid, _ATL_OFFSET2(x, x2), _ATL_SIMPLEMAPENTRY },
#define COM_INTERFACE_ENTRY_FUNC(iid, dw, func)		{ NULL, &iid, dw, func },
#define COM_INTERFACE_ENTRY_FUNC_BLIND(dw, func)	{ NULL, NULL, dw, func },
#define COM_INTERFACE_ENTRY_NOINTERFACE(x) \
	{ _ATL_IID_FUNC(x), NULL, 0, _NoInterface },
/* The map of a base class, which has one of its own. */
#define COM_INTERFACE_ENTRY_CHAIN(classname) \
	{ NULL, NULL, (DWORD_PTR)&ATL::_CComChainData<classname, _ComMapClass>::data, _Chain },

#define END_COM_MAP()								\
			{ NULL, NULL, 0, NULL }					\
		};								\
		return _entries;						\
	}									\
	virtual ULONG AddRef() = 0;						\
	virtual ULONG Release() = 0;						\
	virtual HRESULT QueryInterface(REFIID iid, void **ppvObject) = 0;

/* The object has a reference while FinalConstruct runs. */
#define DECLARE_PROTECT_FINAL_CONSTRUCT()					\
	void InternalFinalConstructAddRef()					\
	{									\
		this->InternalAddRef();						\
	}									\
	void InternalFinalConstructRelease()					\
	{									\
		this->InternalRelease();					\
	}

#define DECLARE_GET_CONTROLLING_UNKNOWN()					\
public:										\
	virtual IUnknown *GetControllingUnknown()				\
	{									\
		return this->GetUnknown();					\
	}

#define DECLARE_NOT_AGGREGATABLE(x)						\
public:										\
	typedef ATL::CComCreator2<ATL::CComCreator<ATL::CComObject<x>>,		\
		ATL::CComFailCreator<CLASS_E_NOAGGREGATION>> _CreatorClass;
#define DECLARE_AGGREGATABLE(x)		DECLARE_NOT_AGGREGATABLE(x)
#define DECLARE_POLY_AGGREGATABLE(x)	DECLARE_NOT_AGGREGATABLE(x)

/* ---------------------------------------------------------- class factories */

class CComClassFactory : public IClassFactory,
			 public CComObjectRootEx<CComGlobalsThreadModel> {
public:
	BEGIN_COM_MAP(CComClassFactory)
		COM_INTERFACE_ENTRY(IClassFactory)
	END_COM_MAP()

	HRESULT CreateInstance(IUnknown *pUnkOuter, REFIID riid, void **ppvObj)
	{
		if (!ppvObj)
			return E_POINTER;
		*ppvObj = NULL;
		return m_pfnCreateInstance(pUnkOuter, riid, ppvObj);
	}

	HRESULT LockServer(BOOL fLock)
	{
		if (_pAtlModule && fLock)
			_pAtlModule->Lock();
		else if (_pAtlModule)
			_pAtlModule->Unlock();
		return S_OK;
	}

	void SetVoid(void *pv)
	{
		m_pfnCreateInstance = (_ATL_CREATORFUNC *)pv;
	}

	_ATL_CREATORFUNC *m_pfnCreateInstance;
};

#define DECLARE_CLASSFACTORY_EX(cf) \
	typedef ATL::CComCreator<ATL::CComObjectCached<cf>> _ClassFactoryCreatorClass;
#define DECLARE_CLASSFACTORY()	DECLARE_CLASSFACTORY_EX(ATL::CComClassFactory)

/* A class that is created from outside, by its CLSID. */
template <class T, const CLSID *pclsid = &CLSID_NULL>
class CComCoClass {
public:
	DECLARE_CLASSFACTORY()
	DECLARE_AGGREGATABLE(T)

	static const CLSID &GetObjectCLSID()
	{
		return *pclsid;
	}

	static LPCTSTR GetObjectDescription()
	{
		return NULL;
	}

	template <class Q>
	static HRESULT CreateInstance(Q **pp)
	{
		return CreateInstance(NULL, pp);
	}

	template <class Q>
	static HRESULT CreateInstance(IUnknown *punkOuter, Q **pp)
	{
		return T::_CreatorClass::CreateInstance(punkOuter, __uuidof(Q), (void **)pp);
	}
};

}

/* ------------------------------------------------------------ maps of classes */

#define BEGIN_OBJECT_MAP(x)	static ATL::_ATL_OBJMAP_ENTRY x[] = {
#define OBJECT_ENTRY(clsid, class)						\
	{ &clsid, class::UpdateRegistry, class::_ClassFactoryCreatorClass::CreateInstance, \
	  class::_CreatorClass::CreateInstance, class::ObjectMain, NULL, false },
#define OBJECT_ENTRY_NON_CREATEABLE(class)					\
	{ &CLSID_NULL, class::UpdateRegistry, NULL, NULL, class::ObjectMain, NULL, false },
#define END_OBJECT_MAP()	{ NULL, NULL, NULL, NULL, NULL, NULL, false } };

/* The same without a map. May stand in a header. */
#define ATL_OBJECT_ENTRY_AUTO(class, ...)					\
	ATL_ONE ATL::_ATL_OBJMAP_ENTRY __objMap_##class = {			\
		__VA_ARGS__, class::ObjectMain, NULL, false };			\
	static ATL::_ATL_OBJMAP_ENTRY *const __pobjMap_##class			\
		__attribute__((used, section("atl_objmap"))) = &__objMap_##class;
#define OBJECT_ENTRY_AUTO(clsid, class)						\
	ATL_OBJECT_ENTRY_AUTO(class, &clsid, class::UpdateRegistry,		\
		class::_ClassFactoryCreatorClass::CreateInstance,		\
		class::_CreatorClass::CreateInstance)
#define OBJECT_ENTRY_NON_CREATEABLE_EX_AUTO(clsid, class) \
	ATL_OBJECT_ENTRY_AUTO(class, &clsid, class::UpdateRegistry, NULL, NULL)

#endif
