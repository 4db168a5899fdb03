/* SPDX-License-Identifier: MIT */
/*
 * atlcoll.h: of ATL (see atldef.h) the array, list and map that grow. Where ATL throws for
 * want of memory, the answer is NULL, false or -1 here.
 */
#ifndef __ATLCOLL_H__
#define __ATLCOLL_H__

#include "atlbase.h"

typedef struct __POSITION *POSITION;

namespace ATL {

template <class T>
class CElementTraits {
public:
	static ULONG Hash(const T &t)
	{
		return (ULONG)((ULONG_PTR)t ^ (ULONG_PTR)t >> 16);
	}

	static bool CompareElements(const T &a, const T &b)
	{
		return a == b;
	}

	static bool IsEqual(const T &a, const T &b)
	{
		return CompareElements(a, b);
	}
};

template <class E, class ETraits = CElementTraits<E>>
class CAtlArray {
public:
	size_t GetCount() const
	{
		return m_a.GetSize();
	}

	bool IsEmpty() const
	{
		return !m_a.GetSize();
	}

	/* The index, or -1. */
	size_t Add(const E &e)
	{
		return m_a.Add(e) ? m_a.GetSize() - 1 : (size_t)-1;
	}

	const E &GetAt(size_t i) const
	{
		return m_a[i];
	}

	E &GetAt(size_t i)
	{
		return m_a[i];
	}

	void SetAt(size_t i, const E &e)
	{
		m_a[i] = e;
	}

	const E &operator[](size_t i) const
	{
		return m_a[i];
	}

	E &operator[](size_t i)
	{
		return m_a[i];
	}

	E *GetData()
	{
		return m_a.GetData();
	}

	void RemoveAt(size_t i, size_t n = 1)
	{
		while (n--)
			m_a.RemoveAt(i);
	}

	void RemoveAll()
	{
		m_a.RemoveAll();
	}

private:
	CSimpleArray<E, ETraits> m_a;
};

/* A POSITION stays good until its element is removed. */
template <class E, class ETraits = CElementTraits<E>>
class CAtlList {
	struct Node {
		Node(const E &e, Node *p, Node *n) : prev(p), next(n), element(e)
		{
		}

		Node *prev, *next;
		E element;
	};

public:
	CAtlList() : m_head(NULL), m_tail(NULL), m_count(0)
	{
	}

	~CAtlList()
	{
		RemoveAll();
	}

	CAtlList(const CAtlList &) = delete;
	CAtlList &operator=(const CAtlList &) = delete;

	size_t GetCount() const
	{
		return m_count;
	}

	bool IsEmpty() const
	{
		return !m_count;
	}

	POSITION GetHeadPosition() const
	{
		return (POSITION)m_head;
	}

	POSITION GetTailPosition() const
	{
		return (POSITION)m_tail;
	}

	E &GetHead()
	{
		return m_head->element;
	}

	E &GetTail()
	{
		return m_tail->element;
	}

	E &GetAt(POSITION pos)
	{
		return ((Node *)pos)->element;
	}

	/* The element at pos; then pos is that of the next one, or NULL. */
	E &GetNext(POSITION &pos)
	{
		Node *node = (Node *)pos;

		pos = (POSITION)node->next;
		return node->element;
	}

	E &GetPrev(POSITION &pos)
	{
		Node *node = (Node *)pos;

		pos = (POSITION)node->prev;
		return node->element;
	}

	POSITION AddHead(const E &e)
	{
		return Insert(e, NULL, m_head);
	}

	POSITION AddTail(const E &e)
	{
		return Insert(e, m_tail, NULL);
	}

	POSITION InsertBefore(POSITION pos, const E &e)
	{
		return pos ? Insert(e, ((Node *)pos)->prev, (Node *)pos) : AddHead(e);
	}

	POSITION InsertAfter(POSITION pos, const E &e)
	{
		return pos ? Insert(e, (Node *)pos, ((Node *)pos)->next) : AddTail(e);
	}

	POSITION Find(const E &e, POSITION posStartAfter = NULL) const
	{
		Node *node = posStartAfter ? ((Node *)posStartAfter)->next : m_head;

		while (node && !ETraits::CompareElements(node->element, e))
			node = node->next;
		return (POSITION)node;
	}

	E RemoveHead()
	{
		E e(std::move(m_head->element));

		RemoveAt((POSITION)m_head);
		return e;
	}

	E RemoveTail()
	{
		E e(std::move(m_tail->element));

		RemoveAt((POSITION)m_tail);
		return e;
	}

	void RemoveAt(POSITION pos)
	{
		Node *node = (Node *)pos;

		(node->prev ? node->prev->next : m_head) = node->next;
		(node->next ? node->next->prev : m_tail) = node->prev;
		m_count--;
		delete node;
	}

	void RemoveAll()
	{
		while (m_head)
			RemoveAt((POSITION)m_head);
	}

private:
	POSITION Insert(const E &e, Node *prev, Node *next)
	{
		Node *node = new (std::nothrow) Node(e, prev, next);

		if (!node)
			return NULL;
		(prev ? prev->next : m_head) = node;
		(next ? next->prev : m_tail) = node;
		m_count++;
		return (POSITION)node;
	}

	Node *m_head, *m_tail;
	size_t m_count;
};

/* A key that is not a number or a pointer needs traits of its own, with Hash. */
template <class K, class V, class KTraits = CElementTraits<K>, class VTraits = CElementTraits<V>>
class CAtlMap {
public:
	class CPair {
	public:
		CPair(const K &key, const V &value) : m_key(key), m_value(value)
		{
		}

		const K m_key;
		V m_value;

	private:
		friend class CAtlMap;
		POSITION m_pos;		/* in m_all */
	};

	CAtlMap()
	{
	}

	~CAtlMap()
	{
		RemoveAll();
	}

	CAtlMap(const CAtlMap &) = delete;
	CAtlMap &operator=(const CAtlMap &) = delete;

	size_t GetCount() const
	{
		return m_all.GetCount();
	}

	bool IsEmpty() const
	{
		return m_all.IsEmpty();
	}

	CPair *Lookup(const K &key)
	{
		Bin &bin = BinOf(key);

		for (POSITION pos = bin.GetHeadPosition(); pos; ) {
			CPair *pair = bin.GetNext(pos);

			if (KTraits::CompareElements(pair->m_key, key))
				return pair;
		}
		return NULL;
	}

	bool Lookup(const K &key, V &value)
	{
		CPair *pair = Lookup(key);

		if (pair)
			value = pair->m_value;
		return pair;
	}

	POSITION SetAt(const K &key, const V &value)
	{
		CPair *pair = Lookup(key);
		POSITION pos;

		if (pair) {
			pair->m_value = value;
			return pair->m_pos;
		}
		pair = new (std::nothrow) CPair(key, value);
		pos = pair ? BinOf(key).AddHead(pair) : NULL;
		if (pos) {
			pair->m_pos = m_all.AddTail(pair);
			if (pair->m_pos)
				return pair->m_pos;
			BinOf(key).RemoveAt(pos);
		}
		delete pair;
		return NULL;
	}

	bool RemoveKey(const K &key)
	{
		CPair *pair = Lookup(key);
		Bin &bin = BinOf(key);

		if (!pair)
			return false;
		bin.RemoveAt(bin.Find(pair));
		m_all.RemoveAt(pair->m_pos);
		delete pair;
		return true;
	}

	void RemoveAll()
	{
		while (!m_all.IsEmpty())
			RemoveKey(m_all.GetHead()->m_key);
	}

	POSITION GetStartPosition() const
	{
		return m_all.GetHeadPosition();
	}

	CPair *GetNext(POSITION &pos)
	{
		return m_all.GetNext(pos);
	}

	V &GetNextValue(POSITION &pos)
	{
		return GetNext(pos)->m_value;
	}

	const K &GetNextKey(POSITION &pos)
	{
		return GetNext(pos)->m_key;
	}

	CPair *GetAt(POSITION pos)
	{
		return m_all.GetAt(pos);
	}

	V &GetValueAt(POSITION pos)
	{
		return GetAt(pos)->m_value;
	}

	const K &GetKeyAt(POSITION pos)
	{
		return GetAt(pos)->m_key;
	}

private:
	typedef CAtlList<CPair *> Bin;

	Bin &BinOf(const K &key)
	{
		return m_bins[KTraits::Hash(key) % 61];
	}

	Bin m_all;
	Bin m_bins[61];
};

}

#endif
